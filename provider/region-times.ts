import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { arrivalAttribute, heldAttribute, youngestAttribute } from "../staging/ledger.ts";
import type { ReplicationInputs } from "../staging/resources/replication.ts";
import { isoSeconds } from "../staging/ttl.ts";
import { USAGE_KEY } from "../staging/usage.ts";
import { conditionMet } from "./conditional-write.ts";
import type { DynamoClients } from "./dynamo-clients.ts";

/**
 * Records in the usage row when a region received its replica; its charges start then. Keeps the first time of an upload. The row may
 * not exist yet.
 */
export async function recordArrival(
  place: ReplicationInputs,
  dynamo: DynamoClients,
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const { region, uploadedAt } = place;
  // Stacks of earlier versions record no arrivals.
  if (uploadedAt === undefined) return;
  await recordTime(place, arrivalAttribute(region), dynamo, isoSeconds(now), signal, uploadedAt);
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
  dynamo: DynamoClients,
  createdAt: Date,
  signal: AbortSignal,
): Promise<void> => recordTime(place, youngestAttribute(place.region), dynamo, isoSeconds(createdAt), signal);

/** Records in the usage row that a region's data do not expire because their replication failed. */
export const recordHeld = (
  place: RegionOfRow,
  dynamo: DynamoClients,
  now: Date,
  signal: AbortSignal,
): Promise<void> => recordTime(place, heldAttribute(place.region), dynamo, isoSeconds(now), signal);

/** Writes a time, unless the attribute has a time at or after `after`. Stacks of earlier versions have no table; then it does nothing. */
async function recordTime(
  { usageTable, usageRegion, stagingId }: RegionOfRow,
  attribute: string,
  dynamo: DynamoClients,
  time: string,
  signal: AbortSignal,
  after = time,
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
