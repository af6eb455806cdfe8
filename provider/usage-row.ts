import { isDeepStrictEqual } from "node:util";
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { errorName, undefinedIf } from "../connection/errors/failure.ts";
import { isNoSuchTable } from "../connection/errors/kinds.ts";
import { LIFE_ATTRIBUTES, type LifeFacts, REVISION, rowWith } from "../staging/ledger.ts";
import type { UsageRowInputs, UsageRowOutputs } from "../staging/resources/usage-row.ts";
import { usageRowResource } from "../staging/resources/usage-row.ts";
import { USAGE_KEY } from "../staging/usage.ts";
import type { Dependencies } from "./deps.ts";
import { createDynamoClients, type DynamoClients } from "./dynamo-clients.ts";
import { isExpired } from "./expired.ts";
import { plainItem } from "./plain-item.ts";
import { BY_UPLOAD, declaredResource } from "./plugin/declared.ts";
import type { ResourceHandler } from "./plugin/types.ts";
import { readRecord } from "./record.ts";
import { explained } from "./store/explain.ts";
import { closingUpdate, updateUsage } from "./usage-closing.ts";

/** Only concurrent runs of the same stack write the same row, so conflicts are few. */
const WRITE_ATTEMPTS = 5;

/**
 * The entry's row in the usage table. Creation opens it; deletion closes it and keeps it. It records every generation of the entry and
 * the residencies of its data; see `staging/ledger.ts`.
 */
export function usageRow(
  deps: Pick<Dependencies, "now">,
  dynamo: DynamoClients = createDynamoClients(),
): ResourceHandler<UsageRowInputs, UsageRowOutputs> {
  /** @returns when the row's current generation was opened */
  async function write(inputs: UsageRowInputs, signal: AbortSignal): Promise<string> {
    const client = dynamo(inputs.region);
    for (let attempt = 1; ; attempt++) {
      const row = await readRow(client, inputs, signal);
      const facts = factsOf(inputs);
      const isNew = row?.["uploaded_at"] !== facts.uploaded_at;
      const wanted = rowWith(row, facts, deps.now(), isNew && !(await isRecorded(client, inputs, signal)));
      if (row === undefined || differs(row, wanted)) {
        try {
          await client.send(new UpdateItemCommand(rowUpdate(inputs, row, wanted)), { abortSignal: signal });
        } catch (error) {
          // Another write came first, perhaps an earlier attempt whose response was lost: read the row again.
          if (errorName(error) === "ConditionalCheckFailedException" && attempt < WRITE_ATTEMPTS) continue;
          throw error;
        }
      }
      return String(wanted.opened_at);
    }
  }

  return declaredResource(usageRowResource, {
    notImported: { fix: BY_UPLOAD },

    async create(inputs, { signal }) {
      const openedAt = await explained(`opening the usage row in ${inputs.table}`, () =>
        write(inputs, signal),
      );
      return { id: `${inputs.table}/${inputs.stagingId}`, outputs: { ...inputs, openedAt } };
    },

    async update(_id, _outputs, news, { signal }) {
      const openedAt = await explained(`updating the usage row in ${news.table}`, () => write(news, signal));
      return { ...news, openedAt };
    },

    async read(id, inputs, outputs, { signal }) {
      const row = await explained(`reading the usage row in ${inputs.table}`, () =>
        undefinedIf(isNoSuchTable, readRow(dynamo(inputs.region), inputs, signal)),
      );
      // A closed row belongs to a deleted entry.
      if (row === undefined || row["closed_at"] !== undefined)
        return isExpired(inputs, deps.now()) ? { id, inputs, outputs } : undefined;
      const found = { ...inputs, ...inputsOf(row) };
      if (row["sweep_id"] === undefined) delete found.sweepId;
      return {
        id,
        inputs: found,
        outputs: { ...found, openedAt: String(row["opened_at"] ?? outputs.openedAt) },
      };
    },

    async delete(_id, { region, table, stagingId }, { signal }) {
      await explained(`closing the usage row in ${table}`, async () => {
        try {
          // The response sets the clock for the closing time.
          if ((await readRow(dynamo(region), { region, table, stagingId }, signal)) === undefined) return;
          await updateUsage(
            (revision) => closingUpdate(table, stagingId, deps.now(), revision),
            (input) => dynamo(region).send(new UpdateItemCommand(input), { abortSignal: signal }),
          );
        } catch (error) {
          // Without a table or a row, there is nothing to close.
          if (!["ResourceNotFoundException", "ConditionalCheckFailedException"].includes(errorName(error)))
            throw error;
        }
      });
    },
  });
}

/** The input that each attribute is written from. */
const INPUTS = {
  filename: "filename",
  size_bytes: "sizeBytes",
  file_count: "fileCount",
  regions: "regions",
  uploaded_at: "uploadedAt",
  ttl_days: "ttlDays",
  sweep_id: "sweepId",
} as const satisfies Record<keyof LifeFacts, keyof UsageRowInputs>;

function factsOf(inputs: UsageRowInputs): LifeFacts {
  const { filename, sizeBytes, fileCount, regions, uploadedAt, ttlDays, sweepId } = inputs;
  return {
    filename,
    size_bytes: sizeBytes,
    file_count: fileCount,
    regions,
    uploaded_at: uploadedAt,
    ttl_days: ttlDays,
    sweep_id: sweepId,
  };
}

/** The inputs that the row contains; missing attributes are omitted. */
function inputsOf(row: Readonly<Record<string, unknown>>): Partial<UsageRowInputs> {
  const found = Object.entries(INPUTS).filter(([attribute]) => row[attribute] !== undefined);
  return Object.fromEntries(found.map(([attribute, input]) => [input, row[attribute]]));
}

type Wanted = ReturnType<typeof rowWith>;

const differs = (row: Readonly<Record<string, unknown>>, wanted: Wanted): boolean =>
  LIFE_ATTRIBUTES.some((attribute) => !isDeepStrictEqual(row[attribute], wanted[attribute]));

/** Writes the wanted generations if the row has not changed since it was read. Keeps the workers' counters. */
function rowUpdate(
  inputs: UsageRowInputs,
  row: Readonly<Record<string, unknown>> | undefined,
  wanted: Wanted,
): UpdateItemCommandInput {
  const names: Record<string, string> = { "#revision": REVISION };
  const values: Record<string, unknown> = { ":one": 1 };
  const sets: string[] = [];
  const removes: string[] = [];
  for (const attribute of LIFE_ATTRIBUTES) {
    names[`#${attribute}`] = attribute;
    if (wanted[attribute] === undefined) removes.push(`#${attribute}`);
    else {
      sets.push(`#${attribute} = :${attribute}`);
      values[`:${attribute}`] = wanted[attribute];
    }
  }
  const revision = row?.[REVISION];
  if (revision !== undefined) values[":revision"] = revision;
  const remove = removes.length > 0 ? ` REMOVE ${removes.join(", ")}` : "";
  return {
    TableName: inputs.table,
    Key: keyOf(inputs.stagingId),
    // DynamoDB cannot increment a revision that a user changed to something other than a number.
    UpdateExpression:
      revision === undefined || typeof revision === "number"
        ? `SET ${sets.join(", ")}${remove} ADD #revision :one`
        : `SET ${sets.join(", ")}, #revision = :one${remove}`,
    ConditionExpression: revision === undefined ? "attribute_not_exists(#revision)" : "#revision = :revision",
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: marshall(values, { removeUndefinedValues: true }),
  };
}

const keyOf = (stagingId: string): Record<string, AttributeValue> => marshall({ [USAGE_KEY]: stagingId });

async function readRow(
  client: DynamoDBClient,
  { table, stagingId }: Pick<UsageRowInputs, "region" | "table" | "stagingId">,
  signal: AbortSignal,
): Promise<Record<string, unknown> | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: keyOf(stagingId), ConsistentRead: true });
  const { Item } = await client.send(command, { abortSignal: signal });
  return Item && plainItem(Item);
}

/** Whether the entry has its record, that is, all regions are verified and no more arrivals will be recorded. */
async function isRecorded(
  client: DynamoDBClient,
  { recordsTable, stagingId, uploadedAt }: UsageRowInputs,
  signal: AbortSignal,
): Promise<boolean> {
  // Stacks of earlier versions record no arrivals.
  if (recordsTable === undefined) return true;
  const record = await readRecord(client, recordsTable, stagingId, signal);
  return record?.["uploaded_at"] === uploadedAt;
}
