import { AssertionError, expect } from "chai";
import { awsPlugin } from "../../../local/aws-plugin/plugin.ts";
import type { AnyResourceHandler, Json, Properties } from "../../../provider/plugin/types.ts";
import { startTestCloud } from "../../support/cloud.ts";
import { startMoto } from "../../support/moto.ts";
import type { Case } from "./cases/case.ts";
import { cases } from "./cases/index.ts";
import { type Emulator, handlerOf, testContext, withEnvironment } from "./handlers.ts";

/*
 * Every AWS type, through the life of a resource, against each emulator: what was created reads back to the letter,
 * refreshing and updating find nothing to do, and deletion can be repeated.
 */

const emulators = {
  ministack: startTestCloud,
  moto: startMoto,
} satisfies Record<string, () => Promise<Emulator>>;

for (const [emulator, start] of Object.entries(emulators)) {
  describe(`aws plugin on ${emulator}`, () => {
    let account: string;
    withEnvironment(start);

    before("ask for the account", async () => {
      const identity = await awsPlugin.functions?.["aws:index/getCallerIdentity:getCallerIdentity"]?.(
        {},
        testContext(),
      );
      account = String(identity?.["accountId"]);
    });

    it("says who calls", async () => {
      const identity = await awsPlugin.functions?.["aws:index/getCallerIdentity:getCallerIdentity"]?.(
        {},
        testContext(),
      );
      expect(identity?.["accountId"]).to.match(/^\d{12}$/);
      expect(identity).to.include({ id: identity?.["accountId"] });
      expect(identity?.["arn"]).to.match(/^arn:aws:/);
      expect(identity?.["userId"]).to.be.a("string").that.is.not.empty;
    });

    for (const one of cases.filter(({ beyond }) => beyond?.[emulator] === undefined)) {
      it(one.name, async () => liveThrough(one, account)).timeout(30_000);
    }

    // So the reasons stay true: an emulator that learns it makes this fail.
    for (const one of cases.filter(({ beyond }) => beyond?.[emulator] !== undefined)) {
      it(`${one.name} is beyond it: ${one.beyond?.[emulator]}`, async () => {
        const failure: unknown = await liveThrough(one, account).catch((error: unknown) => error);
        expect(failure).to.be.instanceOf(AssertionError);
      }).timeout(30_000);
    }
  });
}

async function liveThrough(one: Case, account: string): Promise<void> {
  const made: { handler: AnyResourceHandler; id: string; outputs: Properties }[] = [];
  for (const need of one.needs ?? []) {
    const handler = await handlerOf(need.type);
    const { id, outputs } = await handler.create(await checked(handler, need.inputs), testContext());
    made.unshift({ handler, id, outputs });
  }
  await lifeOf(await handlerOf(one.type), one, one.id.replace("ACCOUNT", account));
  for (const { handler, id, outputs } of made) await handler.delete(id, outputs, testContext());
}

async function lifeOf(handler: AnyResourceHandler, one: Case, expectedId: string): Promise<void> {
  const inputs = await checked(handler, one.inputs);
  const created = await handler.create(inputs, testContext());
  expect(created.id).to.equal(expectedId);
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

/** Outputs repeat the inputs, in the same words; where the program leaves something to AWS, they say more. */
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

/** What a refresh reads is what is in the state, and neither it nor an update after it finds anything to do. */
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

async function checked(handler: AnyResourceHandler, inputs: Properties): Promise<Properties> {
  const result = await handler.check?.(inputs, undefined, testContext());
  expect(result?.failures ?? [], "check failures").to.deep.equal([]);
  return result?.inputs ?? inputs;
}
