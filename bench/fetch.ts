import { createS3Clients } from "../provider/store/clients.ts";
import { DataPlane } from "../provider/transfer/data-plane.ts";
import { download } from "../provider/transfer/download/download.ts";
import type { StagedDataOutputs } from "../staging/resources/staged-data.ts";

/*
 * The data plane of `spawn stage download` alone.
 * Usage: fetch ENTRY BUCKET PATH; ENTRY is the outputs of the staged data as JSON. AWS settings from the environment.
 */

const [entry, bucket, path] = process.argv.slice(2);
if (entry === undefined || bucket === undefined || path === undefined) {
  throw new Error("usage: fetch ENTRY BUCKET PATH");
}

const REGION = "us-east-1";
await download(
  {
    expected: JSON.parse(entry) as StagedDataOutputs,
    copy: { region: REGION, bucket, store: createS3Clients().store(REGION) },
    path,
    force: false,
  },
  {
    plane: new DataPlane(),
    signal: new AbortController().signal,
    onBytes: () => {},
    onObject: () => {},
  },
);
// Keep-alive connections would delay the exit by some seconds.
process.exit(0);
