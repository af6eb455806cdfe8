import { expect } from "chai";
import type { PendingCreations } from "../../../../cli/engine/pending.ts";
import { openSession } from "../../../../cli/engine/session.ts";
import { hasPendingOperations, settleStack } from "../../../../cli/services/entry/settle-stack.ts";
import { RECORD_TYPE, STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { entryResource, freshRecord, Machine } from "../machine.ts";

const RECORD = freshRecord();
const { stagingId: ID, stack: STACK } = RECORD;
const data = entryResource(STAGED_DATA, { stagingId: ID, region: "us-east-1" });
const record = entryResource(RECORD_TYPE, { stagingId: ID });

describe("the stack of a killed update", () => {
  const machine = Machine.forEachTest();

  const settle = async (cut: PendingCreations) => {
    const context = machine.context({ records: [RECORD] });
    const { entryProject } = await openSession(context);
    return await settleStack(context, entryProject, STACK, ID, cut, {});
  };

  it("loses a record of which the engine does not know whether it was written, before the state forgets it", async () => {
    await machine.stack(STACK, [data], [record]);
    expect(await hasPendingOperations(machine.context(), STACK)).to.equal(true);
    expect(await settle("adopt")).to.deep.include({ exists: true, creating: [record] });
    expect(await machine.log()).to.deep.equal([
      "pulumi stack export",
      "DeleteItem records",
      "pulumi stack import",
    ]);
    expect(await hasPendingOperations(machine.context(), STACK)).to.equal(false);
  });

  it("keeps its record otherwise", async () => {
    await machine.stack(STACK, [record], [data]);
    await settle("recreate");
    expect(await machine.log()).to.deep.equal(["pulumi stack export", "pulumi stack import"]);
  });

  it("is not written if nothing is pending, and does not exist if its state is lost", async () => {
    await machine.stack(STACK, [data, record]);
    expect(await settle("recreate")).to.deep.equal({ exists: true, creating: [], resources: [data, record] });
    await machine.write(`state/.pulumi/stacks/spawn/${STACK}.json`, "{");
    expect(await settle("recreate")).to.deep.include({ exists: false });
    expect(await machine.log()).to.deep.equal([]);
    expect(await machine.read(`state/.pulumi/stacks/spawn/${STACK}.json.damaged`)).to.equal("{");
  });
});
