import { expect } from "chai";
import type { Dependencies } from "../../provider/deps.ts";
import { replication } from "../../provider/replication.ts";
import { stagedData } from "../../provider/staged-data.ts";
import type { ReplicationInputs, ReplicationOutputs } from "../../staging/resources/replication.ts";
import type { StagedDataInputs, StagedDataOutputs } from "../../staging/resources/staged-data.ts";

/** The comparison of inputs uses no dependency of the resources. */
const nothing = {} as Dependencies;

describe("Inputs that only control the transfer", () => {
  const staged: StagedDataInputs = {
    stagingId: "stage-0123456789ab",
    source: "/data/a",
    region: "us-east-1",
    bucket: "b",
    replicateTo: [],
    ttlDays: 7,
  };
  const whole: StagedDataOutputs = {
    ...staged,
    filename: "a",
    kind: "file",
    key: "stage-0123456789ab/a",
    sizeBytes: 1,
    fileCount: 1,
    sha256: "0".repeat(64),
    manifestKey: "stage-0123456789ab/.spawn-manifest.jsonl",
    manifestSha256: "0".repeat(64),
    partSizeBytes: 0,
    uploadedAt: "2026-11-24T00:00:00Z",
  };

  it("do not upload an entry again", async () => {
    const slower = { ...staged, multipart: true, timeoutSeconds: 3600 };
    expect(await stagedData(nothing).diff("id", staged, whole, slower)).to.deep.include({
      replaces: [],
      updates: [],
    });
  });

  it("do not replicate an entry again", async () => {
    const { kind, key, sizeBytes, fileCount, sha256, manifestKey, manifestSha256 } = whole;
    const inputs: ReplicationInputs = {
      ...{ kind, key, sizeBytes, fileCount, sha256, manifestKey, manifestSha256 },
      stagingId: staged.stagingId,
      sourceRegion: "us-east-1",
      sourceBucket: "b",
      region: "us-west-2",
      bucket: "c",
      method: "rule",
    };
    const made: ReplicationOutputs = {
      ...inputs,
      ...{ ruleId: "", via: "copy", objects: 2, seconds: 1, verifiedBy: "checksum" },
    };
    const slower = { ...inputs, timeoutSeconds: 3600 };
    expect(await replication(nothing).diff("id", inputs, made, slower)).to.deep.include({
      replaces: [],
      updates: [],
    });
  });
});
