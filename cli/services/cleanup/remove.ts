import { DeleteItemCommand } from "@aws-sdk/client-dynamodb";
import { AbortMultipartUploadCommand } from "@aws-sdk/client-s3";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { RECORD_KEY, type StagingRecord } from "../../../staging/record.ts";
import { expiresAt, isoSeconds } from "../../../staging/ttl.ts";
import type { Context } from "../../context.ts";
import type { EngineSettings } from "../../engine/process.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { deleteAccessPoints } from "../access-points.ts";
import { deleteEntry } from "../delete.ts";
import { findRecord } from "../records.ts";
import { reasonOf } from "./entries.ts";
import { lookAgain } from "./orphans.ts";
import { entryStacks } from "./owners.ts";
import type { Bucket } from "./places.ts";
import type { CleanableEntry, CleanupQuestion, Orphan } from "./plan.ts";

/** By id, why something was left alone after all. */
export type Kept = Map<string, string>;

interface Cleaning {
  readonly context: Context;
  /** Entries that have a stack, as it was when the removal began. */
  readonly stacks: ReadonlySet<StagingId>;
  readonly now: Date;
  readonly kept: Kept;
}

export interface EntryCleaning extends Cleaning {
  readonly project: EngineSettings;
  readonly question: CleanupQuestion;
}

/** Removes an entry, unless it was given more time since it was found. */
export async function removeExpired(
  cleaning: EntryCleaning,
  entry: CleanableEntry,
  options: UpdateOptions,
): Promise<void> {
  const { context, project, question, stacks, now, kept } = cleaning;
  const { id } = entry;
  const record = await findRecord(await context.tables(), id);
  if (record !== undefined) {
    const expiry = expiresAt(record.uploadedAt, record.ttl);
    if (record.declaredAs !== undefined || reasonOf(record, expiry, question, now) === undefined) {
      kept.set(id, "It was changed since it was found: it is no longer among what is to be removed.");
      return;
    }
  }
  if (stacks.has(id)) {
    try {
      await deleteEntry(context, project, entry, options);
    } catch (error) {
      // Another cleanup, on another machine, may have been quicker.
      if (options.signal?.aborted || !(await isGone(context, project, id))) throw error;
    }
  } else if (record !== undefined) {
    await removeWithoutStack(context, record, entry, options);
  }
}

async function isGone(context: Context, project: EngineSettings, id: StagingId): Promise<boolean> {
  const [record, stacks] = await Promise.all([
    context.tables().then((tables) => findRecord(tables, id)),
    entryStacks(context, project),
  ]);
  return record === undefined && !stacks.has(id);
}

/**
 * Removes an expired entry whose stack the backend does not have: who else may read the data first, since the record alone knows
 * the access points; then the record, on condition that it is still the one that has expired, and the data. Its row in the
 * ledger ends by itself at the expiry.
 */
async function removeWithoutStack(
  context: Context,
  record: StagingRecord,
  entry: CleanableEntry,
  options: UpdateOptions,
): Promise<void> {
  const { stagingId, stack, regions, buckets, uploadedAt, ttl, accessPoints } = record;
  if (entry.reason !== "expired") {
    throw new UserError(`the stack ${stack} of ${stagingId} is not in the backend`, {
      why: "Its state was lost, or is kept elsewhere. Without it only what has expired is removed.",
      fix: "Set PULUMI_BACKEND_URL to the backend that has it, then run the command again.",
    });
  }
  await deleteAccessPoints(
    context,
    [...accessPoints].map(([region, { arn }]) => ({ region, ...ofArn(arn) })),
  );
  const { client, settings } = await context.tables();
  await client.send(
    new DeleteItemCommand({
      TableName: settings.recordsTable,
      Key: { [RECORD_KEY]: { S: stagingId } },
      ConditionExpression: "#expires = :expires",
      ExpressionAttributeNames: { "#expires": "expires_at" },
      ExpressionAttributeValues: { ":expires": { S: isoSeconds(expiresAt(uploadedAt, ttl)) } },
    }),
  );
  const { deleteEntry: deleteData } = await import("../../../provider/transfer/delete.ts");
  const signal = options.signal ?? new AbortController().signal;
  for (const [at, region] of regions.entries()) {
    await deleteData(await context.s3(region), buckets[at] ?? "", stagingId, { signal });
  }
}

/** `arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME` */
function ofArn(arn: string): { accountId: string; name: string } {
  const [, , , , accountId = "", resource = ""] = arn.split(":");
  return { accountId, name: resource.slice(resource.indexOf("/") + 1) };
}

export interface OrphanCleaning extends Cleaning {
  readonly buckets: readonly Bucket[];
}

/** Removes an orphan from the environment's own buckets, unless it has an owner now, or was changed. */
export async function removeOrphan(
  { context, buckets, stacks, now, kept }: OrphanCleaning,
  { id, kind }: Orphan,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const raise = (error: Error): never => {
    throw error;
  };
  const found =
    kind === "data" && stacks.has(id) ? undefined : await lookAgain(context, id, kind, buckets, now, raise);
  if (found === undefined) {
    kept.set(id, "It was removed or used by somebody since it was found.");
    return;
  }
  const { deleteEntry: deleteData } = await import("../../../provider/transfer/delete.ts");
  for (const place of found.places) {
    const bucket = buckets.find(({ name }) => name === place.bucket);
    if (bucket === undefined || !place.isOwn) continue;
    if (kind === "data") await deleteData(bucket.client, bucket.name, id, { signal });
    else for (const upload of place.uploads) await abort(bucket, upload, signal);
  }
}

async function abort(
  { client, name }: Bucket,
  { key, uploadId }: { readonly key: string; readonly uploadId: string },
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.send(new AbortMultipartUploadCommand({ Bucket: name, Key: key, UploadId: uploadId }), {
      abortSignal: signal,
    });
  } catch (error) {
    if (!(error instanceof Error && error.name === "NoSuchUpload")) throw error;
  }
}
