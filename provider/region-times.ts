import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { arrivalAttribute, heldAttribute, youngestAttribute } from "../staging/ledger.ts";
import type { ReplicationInputs } from "../staging/resources/replication.ts";
import { isoSeconds } from "../staging/ttl.ts";
import { USAGE_KEY } from "../staging/usage.ts";
import { conditionMet } from "./conditional-write.ts";

/**
 * Records in the usage row when a region received its replica; its charges start then. Keeps the first time of an upload. The row may
 * not exist yet.
 */
export async function recordArrival(
  place: ReplicationInputs,
  dynamo: (region: string) => DynamoDBClient,
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const { uploadedAt } = place;
  // Stacks of earlier versions record no arrivals.
  if (uploadedAt === undefined) return;
  await recordTime(
    place,
    arrivalAttribute(place.region),
    dynamo,
    { time: isoSeconds(now), after: uploadedAt },
    signal,
  );
}

/** The location of an entry's usage row, and the region to record in it. */
interface RegionOfRow {
  readonly usageTable?: string;
  readonly usageRegion?: string;
  readonly stagingId: string;
  readonly region: string;
}

/** Records in the usage row when a region's youngest object was created, since that object expires last. Keeps a later time. */
export const recordYoungest = (
  place: RegionOfRow,
  dynamo: (region: string) => DynamoDBClient,
  createdAt: Date,
  signal: AbortSignal,
): Promise<void> => recordLatest(place, youngestAttribute(place.region), dynamo, createdAt, signal);

/** Records in the usage row that a region's data do not expire because their replication failed. */
export const recordHeld = (
  place: RegionOfRow,
  dynamo: (region: string) => DynamoDBClient,
  now: Date,
  signal: AbortSignal,
): Promise<void> => recordLatest(place, heldAttribute(place.region), dynamo, now, signal);

function recordLatest(
  place: RegionOfRow,
  attribute: string,
  dynamo: (region: string) => DynamoDBClient,
  date: Date,
  signal: AbortSignal,
): Promise<void> {
  const time = isoSeconds(date);
  return recordTime(place, attribute, dynamo, { time, after: time }, signal);
}

/** Writes a time, unless the attribute has a time at or after `after`. Stacks of earlier versions have no table; then it does nothing. */
async function recordTime(
  { usageTable, usageRegion, stagingId }: RegionOfRow,
  attribute: string,
  dynamo: (region: string) => DynamoDBClient,
  { time, after }: { readonly time: string; readonly after: string },
  signal: AbortSignal,
): Promise<void> {
  if (usageTable === undefined || usageRegion === undefined) return;
  const command = new UpdateItemCommand({
    TableName: usageTable,
    Key: marshall({ [USAGE_KEY]: stagingId }),
    UpdateExpression: "SET #attribute = :time",
    ConditionExpression: "attribute_not_exists(#attribute) OR #attribute < :after",
    ExpressionAttributeNames: { "#attribute": attribute },
    ExpressionAttributeValues: marshall({ ":time": time, ":after": after }),
  });
  await conditionMet(() => dynamo(usageRegion).send(command, { abortSignal: signal }));
}
