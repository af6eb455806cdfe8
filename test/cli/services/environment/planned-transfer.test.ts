import { expect } from "chai";
import { plannedTransfer } from "../../../../cli/services/environment/planned-transfer.ts";
import { EXPIRATION, STAGED_DATA } from "../../../../staging/resources/tokens.ts";

const INPUTS = { stagingId: "stage-abc123def456", region: "us-east-1", replicaRegions: ["us-west-2"] };
const OUTPUTS = { ...INPUTS, sizeBytes: 5, fileCount: 2, estimatedCost: 0.25 };
const change = (changes: object) => ({
  ...{ op: "create", urn: "urn", type: STAGED_DATA, inputs: INPUTS, outputs: OUTPUTS },
  ...changes,
});

describe("a planned transfer", () => {
  it("has the bytes, the regions and the cost of a new entry", () => {
    const transfer = {
      staging_id: "stage-abc123def456",
      size_bytes: 5,
      file_count: 2,
      regions: ["us-east-1", "us-west-2"],
      estimated_cost: 0.25,
    };
    expect(plannedTransfer(change({}))).to.deep.equal(transfer);
    expect(plannedTransfer(change({ op: "create-replacement" }))).to.deep.equal(transfer);
    const { replicaRegions: _, ...alone } = INPUTS;
    expect(plannedTransfer(change({ inputs: alone }))?.regions).to.deep.equal(["us-east-1"]);
  });

  it("is none for other steps, other resources, and unknown sizes", () => {
    for (const changes of [{ op: "delete" }, { op: "update" }, { type: EXPIRATION }, { outputs: INPUTS }])
      expect(plannedTransfer(change(changes))).to.equal(undefined);
  });
});
