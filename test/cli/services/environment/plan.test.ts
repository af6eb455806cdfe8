import { expect } from "chai";
import { doomedData, lostOf } from "../../../../cli/services/environment/plan.ts";
import { REPLICATION, STAGED_DATA } from "../../../../staging/resources.ts";
import { entrySpec } from "../../../components/settings.ts";

const ID = "stage-abc123def456";
const resource = (type: string, region: string, stagingId = ID) => ({
  urn: `urn:${type}:${region}`,
  type,
  inputs: { stagingId, region },
  outputs: type === STAGED_DATA ? { filename: "reference.fasta", sizeBytes: 7 } : {},
});
const STATE = [resource(STAGED_DATA, "us-east-1"), resource(REPLICATION, "us-west-2")];

describe("data that an update of the environment would delete", () => {
  it("are none while they are declared", () => {
    expect(doomedData(STATE, [entrySpec("us-east-1,us-west-2")])).to.deep.equal([]);
  });

  it("are an entry that the file no longer declares, in all its regions", () => {
    expect(doomedData(STATE, [])).to.deep.equal([
      { stagingId: ID, filename: "reference.fasta", sizeBytes: 7, regions: ["us-east-1", "us-west-2"] },
    ]);
  });

  it("are a replica in a region that the item leaves out", () => {
    expect(doomedData(STATE, [entrySpec("us-east-1")])).to.deep.equal([
      { stagingId: ID, regions: ["us-west-2"] },
    ]);
  });
});

describe("a resource that the state has and AWS has not", () => {
  const table = {
    urn: "urn:table",
    type: "aws:dynamodb/table:Table",
    inputs: { name: "records", region: "us-east-1" },
  };
  const missing = (region: string) => ({ what: "table", name: "records", region }) as const;

  it("is matched by name and region", () => {
    expect(lostOf([table], [missing("us-east-1")])).to.deep.equal([missing("us-east-1")]);
  });

  it("is matched by its outputs if it was taken over, since its inputs name no region", () => {
    const { region: _, ...inputs } = table.inputs;
    const adopted = { ...table, inputs, outputs: table.inputs };
    expect(lostOf([adopted], [missing("us-east-1")])).to.deep.equal([missing("us-east-1")]);
  });

  it("is not a table of the same name in another region, where settings would move it", () => {
    expect(lostOf([table], [missing("us-west-2")])).to.deep.equal([]);
  });
});
