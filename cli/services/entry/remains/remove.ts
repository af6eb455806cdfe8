import { DeleteItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { errorName } from "../../../../connection/errors/failure.ts";
import type { updateUsage } from "../../../../provider/usage-closing.ts";
import { UserError } from "../../../../staging/errors.ts";
import type { StagingId } from "../../../../staging/ids.ts";
import type { Progress } from "../../../../staging/progress.ts";
import { RECORD_KEY, type StagingRecord } from "../../../../staging/record.ts";
import { serverClock } from "../../../../staging/server-clock.ts";
import { expiresAt, isoSeconds } from "../../../../staging/ttl.ts";
import { commandLine } from "../../../command-line.ts";
import type { Context, RemainsContext } from "../../../context.ts";
import { sentences } from "../../common/sentences.ts";
import { deleteAccessPoints } from "../access-points.ts";
import { findRemains } from "./find.ts";
import { type EntryRemains, isGone } from "./remains.ts";

interface RemovalOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: Progress, urn: string) => void;
}

/**
 * Removes the remains of an entry, by its id: the record first, so that no reader finds data that are being deleted; then access points and
 * the data; the usage row is closed at last, since S3 charges for the data until then.
 */
export async function removeRemains(
  context: Pick<Context, "clientConfig" | "store" | "tables">,
  remains: EntryRemains,
  options: RemovalOptions = {},
): Promise<void> {
  const { id, record, accessPoints, places, openGeneration } = remains;
  if (record !== undefined) await deleteRecord(context, id);
  await deleteAccessPoints(context, accessPoints);
  if (places.length > 0) {
    const { deleteEntry } = await import("../../../../provider/transfer/delete.ts");
    const signal = options.signal ?? new AbortController().signal;
    for (const { region, bucket } of places) {
      let done = 0;
      const report = (count: number, finished: boolean) => {
        done += count;
        const counted = { done, objectsDone: done, total: 0, objectsTotal: 0, finished };
        options.onProgress?.({ phase: "delete", region, ...counted }, "");
      };
      await deleteEntry(await context.store(region), bucket, id, {
        signal,
        onDeleted: (count) => report(count, false),
      });
      report(0, true);
    }
  }
  if (openGeneration !== undefined) await closeUsage(context, id);
}

/**
 * Searches for the remains of an entry, removes them, and searches again.
 * @returns what was found at first: nothing where an earlier deletion was complete
 * @throws UserError unless nothing is left, or while a place cannot be looked at
 */
export async function removeAllRemains(
  context: RemainsContext,
  id: StagingId,
  options: RemovalOptions = {},
): Promise<EntryRemains> {
  const found = await findRemains(context, id);
  if (isGone(found)) return found;
  await removeRemains(context, found, options);
  const left = await findRemains(context, id);
  if (!isGone(left)) throw notGone(context, left);
  return found;
}

function notGone({ environmentName }: Pick<Context, "environmentName">, left: EntryRemains): UserError {
  const { id, places, record, accessPoints, unknown } = left;
  const [first] = unknown;
  const fix = commandLine(`spawn stage delete ${id} --yes`, environmentName);
  if (first !== undefined) {
    return new UserError(`it is not known whether ${id} is deleted: ${first.message}`, {
      why: first.why,
      fix: first.fix === undefined ? fix : sentences(first.fix, `Then: ${fix}`),
      cause: first,
    });
  }
  const named = [
    ...places.map(({ bucket }) => `objects in ${bucket}`),
    ...(record === undefined ? [] : ["its record"]),
    ...accessPoints.map(({ name, region }) => `the access point ${name} in ${region}`),
  ];
  return new UserError(`${id} is not deleted: there are still ${named.join(", ") || "an open usage row"}`, {
    why: "Another process wrote them during the deletion.",
    fix,
  });
}

/**
 * Deletes the record of an entry; one that is not there is fine.
 * @param expected the record when it was selected: if its expiry has changed since, it stays
 */
export async function deleteRecord(
  context: Pick<Context, "tables">,
  id: StagingId,
  expected?: StagingRecord,
): Promise<void> {
  const { client, settings } = await context.tables();
  const condition = expected && {
    ConditionExpression: "#expires = :expires",
    ExpressionAttributeNames: { "#expires": "expires_at" },
    ExpressionAttributeValues: {
      ":expires": { S: isoSeconds(expiresAt(expected.uploadedAt, expected.ttl)) },
    },
  };
  await client.send(
    new DeleteItemCommand({
      ...{ TableName: settings.recordsTable, Key: { [RECORD_KEY]: { S: id } } },
      ...condition,
    }),
  );
}

/** Closes the usage row of an entry, from when on `cost` counts nothing for it. */
export async function closeUsage(context: Pick<Context, "tables">, id: StagingId): Promise<void> {
  const { closingUpdate } = await import("../../../../provider/usage-closing.ts");
  const { settings } = await context.tables();
  const now = serverClock.now();
  await writeUsage(context, (revision) => closingUpdate(settings.usageTable, id, now, revision));
}

/** Opens the usage row of an entry again if a deletion has left data. */
export async function reopenUsage(context: Pick<Context, "tables">, id: StagingId): Promise<void> {
  const { reopeningUpdate } = await import("../../../../provider/usage-closing.ts");
  const { settings } = await context.tables();
  await writeUsage(context, (revision) => reopeningUpdate(settings.usageTable, id, revision));
}

async function writeUsage(
  context: Pick<Context, "tables">,
  update: Parameters<typeof updateUsage>[0],
): Promise<void> {
  const { client } = await context.tables();
  const { updateUsage } = await import("../../../../provider/usage-closing.ts");
  try {
    await updateUsage(update, (input) => client.send(new UpdateItemCommand(input)));
  } catch (error) {
    // No table, no row, or the row is as it is wanted.
    if (!["ResourceNotFoundException", "ConditionalCheckFailedException"].includes(errorName(error)))
      throw error;
  }
}
