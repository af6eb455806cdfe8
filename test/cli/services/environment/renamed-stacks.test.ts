import { expect } from "chai";
import { openSession } from "../../../../cli/engine/session.ts";
import { heldOf } from "../../../../cli/services/environment/held.ts";
import { findRenamed, forgetStack } from "../../../../cli/services/environment/renamed-stacks.ts";
import { STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { testId } from "../../records.ts";
import { entryResource, Machine } from "../machine.ts";

const ID = testId(1);
const OWN = `dev.${ID}`;
const data = (stagingId = ID) => entryResource(STAGED_DATA, { stagingId });

describe("a renamed stack", () => {
  const machine = Machine.forEachTest();

  it("holds this entry alone, under another name, and no environment", async () => {
    const environment = { urn: "urn:environment", type: "spawn:index:StagingEnvironment" };
    await machine.stack(OWN, [data()]);
    await machine.stack("dev", [environment, data()]);
    await machine.stack("program", [{ ...environment, type: "staging:index:StagingEnvironment" }, data()]);
    await machine.stack("dev.both", [data(), data(testId(2))]);
    await machine.stack("dev.sweep-000000000001", [data()]);
    await machine.stack("dev.mine", [data()]);
    const { entryProject } = await openSession(machine.context());
    const found = await findRenamed(entryProject, ID, OWN);
    expect(found.map(({ stack }) => stack)).to.deep.equal(["dev.mine"]);
    expect(
      await findRenamed({ ...entryProject, env: { PULUMI_BACKEND_URL: "s3://x" } }, ID, OWN),
    ).to.deep.equal([]);
  });

  it("is forgotten without a change to its resources", async () => {
    await machine.stack("dev.mine", [data()]);
    const { entryProject } = await openSession(machine.context());
    expect(await forgetStack(entryProject, "dev.mine")).to.equal(true);
    expect(await machine.log()).to.deep.equal(["pulumi stack rm"]);
    expect(await forgetStack(entryProject, "dev.mine")).to.equal(false);
  });
});

describe("the names in a state", () => {
  it("have the region of the outputs if a resource was imported", () => {
    const table = { urn: "urn:table", type: "aws:dynamodb/table:Table", inputs: { name: "records" } };
    const held = heldOf([
      { urn: "urn:stack", type: "pulumi:pulumi:Stack", outputs: { cloud: "aws" } },
      { ...table, outputs: { region: "us-east-1" } },
    ]);
    expect(held.tables).to.deep.equal([{ role: "records", name: "records", region: "us-east-1" }]);
  });
});
