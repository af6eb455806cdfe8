import {
  AbortMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
} from "@aws-sdk/client-s3";
import { UserError } from "../../staging/errors.ts";
import { isRecord } from "../../staging/type-guards.ts";
import type { Run } from "./run.ts";

/**
 * Deletes all resources of a run. It can run again after an interruption.
 * @throws UserError that names the remaining resources
 */
export async function cleanUp(run: Run): Promise<void> {
  await run.writeEnvironment();
  const status = await run.spawn(["environment", "status", "--json"]);
  const isMade = status.code === 0 || /"exists": true/.test(status.stdout);
  if (isMade) {
    for (const id of await idsOf(run, ["sweep", "list"], "sweep_id"))
      await run.succeed("sweep", "delete", id, "--yes");
    for (const id of await idsOf(run, ["stage", "list"], "staging_id"))
      await run.succeed("stage", "delete", id, "--yes");
    for (const id of await idsOf(run, ["stage", "list", "--incomplete"], "staging_id"))
      await run.succeed("stage", "delete", id, "--yes");
    await run.succeed("environment", "destroy", "--yes");
  }
  await deleteOwnBucket(run);
  await run.succeed("environment", "bootstrap", "--delete", "--yes");
}

async function idsOf(run: Run, list: readonly string[], key: string): Promise<string[]> {
  const { stdout } = await run.succeed(...list, "--format", "json");
  const found: unknown = JSON.parse(stdout);
  if (!Array.isArray(found)) throw new UserError(`spawn ${list.join(" ")} printed no list`);
  return found.flatMap((item: unknown) =>
    isRecord(item) && typeof item[key] === "string" ? [item[key]] : [],
  );
}

/** The adopted bucket, which spawn does not delete. */
async function deleteOwnBucket(run: Run): Promise<void> {
  const client = await run.s3(run.settings.regions[2]);
  const Bucket = run.ownBucket;
  try {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    for (const { Key, UploadId } of Uploads)
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    for (;;) {
      const { Versions = [], DeleteMarkers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket }),
      );
      const Objects = [...Versions, ...DeleteMarkers].flatMap(({ Key, VersionId }) =>
        Key === undefined || VersionId === undefined ? [] : [{ Key, VersionId }],
      );
      if (Objects.length === 0) break;
      const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      if (Errors.length > 0)
        throw new UserError(`${Bucket} cannot be emptied`, { why: Errors[0]?.Message ?? "" });
    }
    await client.send(new DeleteBucketCommand({ Bucket }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "NoSuchBucket") throw error;
  }
}
