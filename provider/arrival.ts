import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { arrivalAttribute, heldAttribute, youngestAttribute } from "../staging/ledger.ts";
import type { ReplicationInputs } from "../staging/resources.ts";
import { isoSeconds } from "../staging/ttl.ts";
import { USAGE_KEY } from "../staging/usage.ts";
import { conditionMet } from "./conditional-write.ts";

/**
 * Notes in the usage row that a region has its copy: from now on it is charged for. The first note of an upload stays. The row may
 * not be there yet.
 */
export async function noteArrival(
  place: ReplicationInputs,
  dynamo: (region: string) => DynamoDBClient,
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const { uploadedAt } = place;
  // A stack of an earlier version: its row has no arrivals.
  if (uploadedAt === undefined) return;
  await note(
    place,
    arrivalAttribute(place.region),
    dynamo,
    { time: isoSeconds(now), after: uploadedAt },
    signal,
  );
}

/** Where an entry's usage row is, and the region that is noted in it. */
export interface NotedRegion {
  readonly usageTable?: string;
  readonly usageRegion?: string;
  readonly stagingId: string;
  readonly region: string;
}

/** Notes in the usage row when the youngest object of a region was made, which goes later than the entry. A younger one's note stays. */
export const noteYoungest = (
  place: NotedRegion,
  dynamo: (region: string) => DynamoDBClient,
  madeAt: Date,
  signal: AbortSignal,
): Promise<void> => noteLatest(place, youngestAttribute(place.region), dynamo, madeAt, signal);

/** Notes in the usage row that a region's data do not expire, since their replication has failed. */
export const noteHeld = (
  place: NotedRegion,
  dynamo: (region: string) => DynamoDBClient,
  now: Date,
  signal: AbortSignal,
): Promise<void> => noteLatest(place, heldAttribute(place.region), dynamo, now, signal);

function noteLatest(
  place: NotedRegion,
  attribute: string,
  dynamo: (region: string) => DynamoDBClient,
  date: Date,
  signal: AbortSignal,
): Promise<void> {
  const time = isoSeconds(date);
  return note(place, attribute, dynamo, { time, after: time }, signal);
}

/** Writes a time, unless the attribute has one that is not before `after`. Without a table, as in stacks of earlier versions, nothing. */
async function note(
  { usageTable, usageRegion, stagingId }: NotedRegion,
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
