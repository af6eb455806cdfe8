import { AssertionError, expect } from "chai";
import type { AnyResourceHandler, Json, Properties } from "../../../provider/plugin/types.ts";
import { startTestCloud } from "../../support/cloud.ts";
import { errorOf } from "../../support/failure.ts";
import { startMoto } from "../../support/moto.ts";
import { type Case, REGION } from "./cases/case.ts";
import { cases } from "./cases/index.ts";
import {
  checked,
  createNeeds,
  type Emulator,
  functionOf,
  handlerOf,
  testContext,
  withEnvironment,
} from "./handlers.ts";

/*
 * Every AWS type, through the life of a resource, against each emulator: the created resource reads back exactly, refresh and update
 * find no change, and deletion can be repeated.
 */

const emulators = {
  ministack: startTestCloud,
  moto: startMoto,
} satisfies Record<string, () => Promise<Emulator>>;

for (const [emulator, start] of Object.entries(emulators)) {
  describe(`aws plugin on ${emulator}`, () => {
    let words: Words;
    withEnvironment(start);

    before("ask for the account, its subnets and an image", async () => {
      const identity = await call("aws:index/getCallerIdentity:getCallerIdentity", {});
      const { ids } = await call("aws:ec2/getSubnets:getSubnets", {
        filters: [{ name: "default-for-az", values: ["true"] }],
        region: REGION,
      });
      const subnets = (ids as string[]).map((id, index) => [`SUBNET_${index}`, id] as const);
      const name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
      const image = await call("aws:ssm/getParameter:getParameter", { name, region: REGION });
      words = new Map([
        ["ACCOUNT", String(identity["accountId"])],
        ["IMAGE", String(image["insecureValue"])],
        ...subnets,
      ]);
    });

    it("returns the caller's identity", async () => {
      const identity = await call("aws:index/getCallerIdentity:getCallerIdentity", {});
      expect(identity["accountId"]).to.match(/^\d{12}$/);
      expect(identity).to.include({ id: identity["accountId"] });
      expect(identity["arn"]).to.match(/^arn:aws:/);
      expect(identity["userId"]).to.be.a("string").that.is.not.empty;
    });

    it("finds the default network", async () => {
      const vpc = await call("aws:ec2/getVpc:getVpc", { default: true, region: REGION });
      expect(vpc).to.include({ default: true, region: REGION });
      expect(vpc["id"]).to.match(/^vpc-/);
      const { ids } = await call("aws:ec2/getSubnets:getSubnets", {
        filters: [{ name: "vpc-id", values: [String(vpc["id"])] }],
        region: REGION,
      });
      expect(ids).to.include(words.get("SUBNET_0")).and.to.include(words.get("SUBNET_1"));
      const subnet = await call("aws:ec2/getSubnet:getSubnet", { id: words.get("SUBNET_0"), region: REGION });
      expect(subnet).to.include({ id: words.get("SUBNET_0"), vpcId: vpc["id"], defaultForAz: true });
      expect(subnet["availabilityZone"]).to.match(/^us-west-2[a-z]$/);
    });

    it("reports no match and several matches of subnets", async () => {
      const none = call("aws:ec2/getSubnet:getSubnet", { availabilityZone: "us-west-2z", region: REGION });
      expect((await errorOf(none)).message).to.match(/no subnet matches/);
      const several = call("aws:ec2/getSubnet:getSubnet", { defaultForAz: true, region: REGION });
      expect((await errorOf(several)).message).to.match(/\d subnets match/);
      const wrong = call("aws:ec2/getSubnets:getSubnets", { vpc: "vpc-1", region: REGION });
      expect((await errorOf(wrong)).message).to.match(/the argument vpc/);
    });

    for (const machine of ["x86_64", "arm64"]) {
      it(`names the newest Amazon Linux for ${machine}`, async () => {
        const name = `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${machine}`;
        const parameter = await call("aws:ssm/getParameter:getParameter", { name, region: REGION });
        expect(parameter).to.include({ id: name, name, type: "String", region: REGION });
        expect(parameter["insecureValue"])
          .to.match(/^ami-[0-9a-f]+$/)
          .and.to.equal(parameter["value"]);
        expect(parameter["arn"]).to.match(/^arn:aws:ssm:us-west-2:/);
      });
    }

    it("reports a missing parameter", async () => {
      const missing = call("aws:ssm/getParameter:getParameter", {
        name: "/aws/service/none",
        region: REGION,
      });
      expect((await errorOf(missing)).message).to.match(/ParameterNotFound/);
    });

    for (const one of cases.filter(({ beyond }) => beyond?.[emulator] === undefined)) {
      it(one.name, async () => liveThrough(one, words));
    }

    // Keeps the reasons true: this fails once an emulator supports the feature.
    for (const one of cases.filter(({ beyond }) => beyond?.[emulator] !== undefined)) {
      it(`${one.name} is not supported: ${one.beyond?.[emulator]}`, async () => {
        const failure: unknown = await liveThrough(one, words).catch((error: unknown) => error);
        expect(failure).to.be.instanceOf(AssertionError);
      });
    }
  });
}

/** Placeholders in the cases for values that only an emulator knows. */
type Words = ReadonlyMap<string, string>;

function fillIn<T>(value: T, words: Words): T {
  const text = JSON.stringify(value).replace(/ACCOUNT|IMAGE|SUBNET_\d/g, (word) => words.get(word) ?? word);
  return JSON.parse(text) as T;
}

async function call(token: string, args: Properties): Promise<Properties> {
  return functionOf(token)(args, testContext());
}

async function liveThrough(abstract: Case, words: Words): Promise<void> {
  const { id } = abstract;
  const one: Case = { ...fillIn(abstract, words), id: typeof id === "string" ? fillIn(id, words) : id };
  const tidy = await createNeeds(one);
  await lifeOf(await handlerOf(one.type), one);
  await tidy();
}

async function lifeOf(handler: AnyResourceHandler, one: Case): Promise<void> {
  const inputs = await checked(handler, one.inputs);
  const created = await handler.create(inputs, testContext());
  const expectedId = created.id;
  if (typeof one.id === "string") expect(created.id).to.equal(one.id);
  else expect(created.id).to.match(one.id);
  expectRepeated(created.outputs, { ...inputs, ...one.outputs });
  for (const name of handler.computed) expect(created.outputs, "computed outputs").to.have.property(name);

  await expectSteady(handler, expectedId, inputs, created.outputs);
  const same = await checked(handler, { ...one.inputs, ...one.same });
  expect(await handler.diff(expectedId, inputs, created.outputs, same), "said in another way").to.deep.equal(
    NOTHING,
  );

  for (const { change, deleteFirst = false } of one.replacing) {
    const news = { ...inputs, ...change };
    expect(await handler.diff(expectedId, inputs, created.outputs, news)).to.deep.equal({
      replaces: Object.keys(change),
      updates: [],
      deleteBeforeReplace: deleteFirst,
    });
  }

  const changed = await checked(handler, { ...one.inputs, ...one.change });
  const difference = await handler.diff(expectedId, inputs, created.outputs, changed);
  expect(difference.replaces).to.be.empty;
  expect(difference.updates).to.have.members(Object.keys(one.change));
  const updated = await handler.update?.(expectedId, created.outputs, changed, testContext());
  expectRepeated(updated, changed);
  await expectSteady(handler, expectedId, changed, updated);

  await expectImport(handler, one, one.idAfterChange ?? expectedId, changed, updated);

  await handler.delete(expectedId, updated, testContext());
  const left = await handler.read(expectedId, changed, updated, testContext());
  if (one.remains === undefined) expect(left, "nothing is left").to.equal(undefined);
  else expect(left?.outputs ?? {}).to.deep.include(one.remains);
  await handler.delete(expectedId, updated, testContext());
}

const NOTHING = { replaces: [], updates: [], deleteBeforeReplace: false };

/** Outputs repeat the inputs exactly, with additions where the program leaves a value to AWS. */
function expectRepeated(actual: Json | undefined, expected: Json | undefined, at = "outputs"): void {
  if (typeof expected !== "object" || expected === null) {
    expect(actual, at).to.equal(expected);
    return;
  }
  expect(actual, at).to.be.an(Array.isArray(expected) ? "array" : "object");
  if (Array.isArray(expected)) expect(actual, at).to.have.length(expected.length);
  for (const [key, value] of Object.entries(expected)) {
    expectRepeated((actual as Properties)[key], value, `${at}.${key}`);
  }
}

/** A refresh reads the values of the state, and neither it nor a later update finds a change. */
async function expectSteady(
  handler: AnyResourceHandler,
  id: string,
  inputs: Properties,
  outputs: Properties,
): Promise<void> {
  const read = await handler.read(id, inputs, outputs, testContext());
  expect(read).to.deep.equal({ id, inputs, outputs });
  expect(await handler.diff(id, inputs, outputs, inputs)).to.deep.equal(NOTHING);
}

async function expectImport(
  handler: AnyResourceHandler,
  one: Case,
  id: string,
  inputs: Properties,
  outputs: Properties,
): Promise<void> {
  const region = one.inputs["region"];
  const imported = await handler.read(
    region === undefined ? id : `${id}@${region}`,
    undefined,
    undefined,
    testContext(),
  );
  expect(imported?.id).to.equal(id);
  const secret = new Set(one.notImported);
  const difference = await handler.diff(id, imported?.inputs, imported?.outputs, inputs);
  expect([...difference.updates, ...difference.replaces].filter((name) => !secret.has(name))).to.be.empty;
  expect(Object.keys(imported?.outputs)).to.include.members(
    Object.keys(outputs).filter((name) => !secret.has(name)),
  );
  const { failures = [] } = (await handler.check?.(imported?.inputs, undefined, testContext())) ?? {};
  expect(failures, "imported inputs are right").to.deep.equal([]);
}
