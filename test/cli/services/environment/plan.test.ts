import { expect } from "chai";
import { dataToDelete, lostOf, onlyAdopted } from "../../../../cli/services/environment/plan.ts";
import type { EntrySpec } from "../../../../staging/entry.ts";
import { parseStagingId } from "../../../../staging/ids.ts";
import { REPLICATION, STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { entrySpec, environmentSettings } from "../../../components/settings.ts";
import { failureOf } from "../../../support/failure.ts";

const ID = "stage-abc123def456";
const resource = (type: string, region: string, stagingId = ID) => ({
  urn: `urn:${type}:${region}`,
  type,
  inputs: { stagingId, region },
  outputs: type === STAGED_DATA ? { filename: "reference.fasta", sizeBytes: 7 } : {},
});
const STATE = [resource(STAGED_DATA, "us-east-1"), resource(REPLICATION, "us-west-2")];

describe("the data that an environment update would delete", () => {
  it("are none while they are declared", () => {
    expect(dataToDelete(STATE, [entrySpec("us-east-1,us-west-2")])).to.deep.equal([]);
  });

  it("are all regions of an entry that the file no longer declares", () => {
    expect(dataToDelete(STATE, [])).to.deep.equal([
      { stagingId: ID, filename: "reference.fasta", sizeBytes: 7, regions: ["us-east-1", "us-west-2"] },
    ]);
  });

  it("are a replica in a region that the item omits", () => {
    expect(dataToDelete(STATE, [entrySpec("us-east-1")])).to.deep.equal([
      { stagingId: ID, regions: ["us-west-2"] },
    ]);
  });
});

describe("the update of an adopted entry", () => {
  const id = parseStagingId(ID);
  const adopted = { ...entrySpec("us-east-1,us-west-2"), id, adoptedId: id, declaredAs: "reference" };
  const other = { ...entrySpec("us-east-1"), id: parseStagingId("stage-000000000002"), declaredAs: "other" };
  const only = (...entries: EntrySpec[]) =>
    onlyAdopted({ settings: environmentSettings(), entries }, STATE, id).entries.map((entry) => entry.id);

  it("declares no other entry", () => {
    expect(only(other, adopted)).to.deep.equal([ID]);
  });

  it("declares it under its own ID after a change of its source, because the engine would delete it", () => {
    const replaced = { ...adopted, id: parseStagingId("stage-000000000001") };
    expect(only(replaced, other)).to.deep.equal([ID]);
  });

  it("is refused if it would delete data of the entry", async () => {
    for (const entries of [[{ ...adopted, regions: other.regions }], [other]]) {
      const { message, why } = await failureOf((async () => only(...entries))());
      expect(message).to.equal(`the record of ${ID} was not updated`);
      expect(why).to.contain("us-west-2");
    }
  });
});

describe("a resource that the state has and AWS lacks", () => {
  const table = {
    urn: "urn:table",
    type: "aws:dynamodb/table:Table",
    inputs: { name: "records", region: "us-east-1" },
  };
  const missing = (region: string) => ({ what: "table", name: "records", region }) as const;

  it("is matched by name and region", () => {
    expect(lostOf([table], [missing("us-east-1")])).to.deep.equal([missing("us-east-1")]);
  });

  it("is matched by its outputs if it was adopted, because its inputs name no region", () => {
    const { region: _, ...inputs } = table.inputs;
    const adopted = { ...table, inputs, outputs: table.inputs };
    expect(lostOf([adopted], [missing("us-east-1")])).to.deep.equal([missing("us-east-1")]);
  });

  it("is no table of the same name in another region to which settings would move it", () => {
    expect(lostOf([table], [missing("us-west-2")])).to.deep.equal([]);
  });
});
