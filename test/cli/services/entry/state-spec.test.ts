import { expect } from "chai";
import type { StateResource } from "../../../../cli/engine/pending.ts";
import { specInState } from "../../../../cli/services/entry/state-spec.ts";
import { UserError } from "../../../../staging/errors.ts";
import { REPLICATION, STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { parseTtlDays } from "../../../../staging/ttl.ts";
import { testId, testRecord } from "../../records.ts";

const RECORD = testRecord();
const ID = RECORD.stagingId;

const data = (inputs: object): StateResource => ({
  urn: "urn:data",
  type: STAGED_DATA,
  inputs: { stagingId: ID, source: "/data/x", ...inputs },
});
const replica = (method: string): StateResource => ({
  urn: "urn:replica",
  type: REPLICATION,
  inputs: { stagingId: ID, method },
});
const stack: StateResource = { urn: "urn:stack", type: "pulumi:pulumi:Stack" };

describe("the spec of an entry in its stack's state", () => {
  it("takes the source from the state, and the rest from the request", () => {
    const found = [stack, data({ replicateTo: ["us-west-2"], exclude: ["*.tmp"], noSha256: true })];
    expect(specInState(found, ID, { ...RECORD, ttl: parseTtlDays(14) }, "dev")).to.deep.equal({
      id: ID,
      source: "/data/x",
      exclude: ["*.tmp"],
      noSha256: true,
      regions: ["us-east-1", "us-west-2"],
      destination: "/mnt/data/reference.fasta",
      ttl: 14,
      sweepId: "sweep-xyz789",
      replication: "rule",
      allowAccounts: [],
      declaredAs: undefined,
    });
  });

  it("has the upload's original options", () => {
    const chosen = { name: "other.fasta", followLinks: true, multipart: true, timeoutSeconds: 3600 };
    const spec = specInState([stack, data({ replicateTo: ["us-west-2"], ...chosen })], ID, RECORD, "dev");
    expect(spec).to.include({
      ...{ filename: "other.fasta", followLinks: true, multipart: true, timeoutSeconds: 3600 },
    });
  });

  it("copies regions that were copied, and uses rules for the others", () => {
    const methodOf = (...resources: StateResource[]) => specInState(resources, ID, RECORD, "dev").replication;
    expect(methodOf(data({ replicateTo: [] }), replica("copy"))).to.equal("copy");
    expect(methodOf(data({ replicateTo: [] }))).to.equal("rule");
    // One of many regions, more than the tags have room for.
    expect(methodOf(data({ replicateTo: ["us-west-2"] }), replica("copy"), replica("rule"))).to.equal("rule");
  });

  it("is refused if the state does not hold the entry", () => {
    for (const resources of [[], [stack], [data({ stagingId: testId(1) })]]) {
      expect(() => specInState(resources, ID, RECORD, "dev")).to.throw(UserError, "does not hold its data");
      expect(() => specInState(resources, ID, RECORD, "prod"))
        .to.throw(UserError)
        .with.property("fix", `spawn stage delete ${ID} --environment prod, then stage the data again`);
    }
  });
});
