import { pathToFileURL } from "node:url";
import { expect } from "chai";
import type { BootstrapPlan } from "../../../../../cli/services/environment/state-bucket/bootstrap.ts";
import { refuseInUse } from "../../../../../cli/services/environment/state-bucket/delete.ts";
import {
  findMovable,
  leftBehind,
  moveState,
} from "../../../../../cli/services/environment/state-bucket/move.ts";
import { STAGED_DATA } from "../../../../../staging/resources/tokens.ts";
import { failureOf } from "../../../../support/failure.ts";
import { fullSettings, testId } from "../../../records.ts";
import { entryResource, Machine } from "../../machine.ts";

const ENTRY = `dev.${testId(1)}`;
const data = (region = "us-east-1") => entryResource(STAGED_DATA, { stagingId: testId(1), region });
const stateOf = (stack: string) => `new/.pulumi/stacks/spawn/${stack}.json`;

describe("an environment's state that moves to a bucket", () => {
  const machine = Machine.forEachTest();
  let url: string;
  beforeEach(async () => {
    await machine.write("new/.pulumi/meta.yaml", "version: 1\n");
    url = pathToFileURL(`${machine.home}/new`).href;
    await machine.stack("dev", [data()]);
    await machine.stack(ENTRY, [data("us-west-2")], [data("eu-west-1")]);
    await machine.stack("prod");
  });

  const move = async () => {
    const context = machine.context();
    const movable = await findMovable(context, url);
    if (movable === undefined) throw new Error("nothing to move");
    const moved: string[] = [];
    await moveState(context, movable, url, (stack) => moved.push(stack));
    return moved;
  };

  it("includes every stack of the environment, and none of another", async () => {
    expect(await move()).to.deep.equal(["dev", ENTRY]);
    for (const stack of ["dev", ENTRY])
      expect(await machine.read(stateOf(stack)), stack).to.equal(
        await machine.read(`state/.pulumi/stacks/spawn/${stack}.json`),
      );
    expect(await machine.read(stateOf("prod"))).to.equal("");
  });

  it("resumes after an interruption without writing arrived stacks again", async () => {
    await machine.stack("dev", [data()], [], "new");
    await machine.stack(ENTRY, [], [], "new");
    expect(await move()).to.deep.equal(["dev", ENTRY]);
    const imports = (await machine.log()).filter((line) => line === "pulumi stack import");
    expect(imports).to.have.length(1);
    expect(await machine.read(stateOf(ENTRY))).to.contain("us-west-2");
  });

  it("never replaces another state", async () => {
    await machine.stack("dev", [data("eu-west-1")], [], "new");
    const error = await failureOf(move());
    expect(error).to.include({
      message: "the bucket has another state of dev",
      fix: `To use the bucket's state: spawn config set backend.url ${url}`,
    });
    expect(await machine.read(stateOf("dev"))).to.contain("eu-west-1");
  });

  it("names the environment in the command that uses the other state", async () => {
    await machine.stack("prod", [data()]);
    await machine.stack("prod", [data("eu-west-1")], [], "new");
    const context = machine.context({ settings: fullSettings({ name: "prod" }) });
    const movable = await findMovable(context, url);
    const error = await failureOf(moveState(context, movable ?? expect.fail(), url, () => undefined));
    expect(error).to.have.property(
      "fix",
      `To use the bucket's state: spawn config set backend.url ${url} --environment prod`,
    );
  });

  it("is compared after it is written", async () => {
    await machine.engine("stack-import", "exit 0");
    const error = await failureOf(move());
    expect(error.message).to.equal("the copied state of dev differs from the original");
    expect(await machine.read("state/.pulumi/stacks/spawn/dev.json")).to.contain(testId(1));
  });

  it("is found only in another backend, and a bootstrap without --migrate names it", async () => {
    const context = machine.context();
    expect(await findMovable(context, machine.stateUrl)).to.equal(undefined);
    const movable = await findMovable(context, url);
    expect(movable?.stacks).to.deep.equal(["dev", ENTRY]);
    const plan = {
      settings: fullSettings(),
      account: "123456789012",
      place: { bucket: "state", region: "us-east-1" },
    } as unknown as BootstrapPlan;
    expect(movable && leftBehind(plan, movable)).to.have.property(
      "why",
      `${machine.stateUrl} has 2 stacks of it.`,
    );
    expect(movable && leftBehind(plan, movable).fix).to.contain("--migrate");
  });

  it("keeps its bucket while a stack in it has resources", async () => {
    const plan = { url: machine.stateUrl, place: { bucket: "state" } } as BootstrapPlan;
    expect(await failureOf(refuseInUse(machine.context(), plan))).to.include({
      message: "the bucket state is in use",
      fix: "spawn environment destroy, which names the entries and sweeps to delete first",
    });
    await machine.stack("dev", [{ urn: "urn:stack", type: "pulumi:pulumi:Stack" }]);
    await machine.stack(ENTRY);
    await refuseInUse(machine.context(), plan);
  });
});
