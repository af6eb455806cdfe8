import { randomBytes } from "node:crypto";
import type { CallContext } from "../provider/plugin/types.ts";
import { stagingPlugin } from "../provider/staging-plugin.ts";
import type { ReplicationInputs, ReplicationOutputs } from "../staging/resources/replication.ts";
import type { StagedDataInputs, StagedDataOutputs } from "../staging/resources/staged-data.ts";
import { REPLICATION, STAGED_DATA } from "../staging/resources/tokens.ts";

/**
 * The data plane alone, as the provider runs it for an entry: upload, manifest, copies, verification. Usage: stage
 * SOURCE BUCKET [BUCKET...]; the first bucket is the primary region's. AWS settings from the environment.
 */

const [source, primary, ...others] = process.argv.slice(2);
if (source === undefined || primary === undefined) throw new Error("usage: stage SOURCE BUCKET [BUCKET...]");

/** The server has one region; three buckets represent three. */
const REGION = "us-east-1";
const context: CallContext = { urn: "bench", signal: new AbortController().signal, log: () => {} };
const stagingId = `stage-${randomBytes(6).toString("hex")}`;

const { outputs: staged } = await create<StagedDataInputs, StagedDataOutputs>(STAGED_DATA, {
  stagingId,
  source,
  region: REGION,
  bucket: primary,
  replicateTo: [],
  ttlDays: 7,
});
const uploaded = performance.now();
await Promise.all(
  others.map((bucket) =>
    create<ReplicationInputs, ReplicationOutputs>(REPLICATION, {
      stagingId,
      sourceRegion: REGION,
      sourceBucket: primary,
      region: REGION,
      bucket,
      method: "copy",
      key: staged.key,
      kind: staged.kind,
      sizeBytes: staged.sizeBytes,
      fileCount: staged.fileCount,
      sha256: staged.sha256,
      manifestKey: staged.manifestKey,
      manifestSha256: staged.manifestSha256,
    }),
  ),
);
const ended = performance.now();
console.log(
  JSON.stringify({
    stagingId,
    staged,
    sha256: staged.sha256,
    uploadSeconds: uploaded / 1000,
    copySeconds: (ended - uploaded) / 1000,
  }),
);
// Keep-alive connections would delay the exit by some seconds.
process.exit(0);

async function create<I, O>(type: string, inputs: I): Promise<{ id: string; outputs: O }> {
  const load = stagingPlugin.resources[type];
  if (load === undefined) throw new Error(`no resource ${type}`);
  const handler = await load();
  return handler.create(inputs, context);
}
