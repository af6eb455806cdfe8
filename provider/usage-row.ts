import {
  type AttributeValue,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { InputError } from "../staging/errors.ts";
import { parseStagingId } from "../staging/ids.ts";
import { parseRegion } from "../staging/regions.ts";
import type { UsageRowInputs, UsageRowOutputs } from "../staging/resources.ts";
import { isoSeconds, parseTtlDays } from "../staging/ttl.ts";
import { USAGE_KEY } from "../staging/usage.ts";
import { changedOf, checkInputs } from "./checks.ts";
import type { Dependencies } from "./deps.ts";
import type { ResourceHandler } from "./plugin/types.ts";
import { errorName, explained } from "./transfer/aws-errors.ts";

/** The row's attributes that are the provider's; the counters beside them are the workers'. */
const ATTRIBUTES = {
  filename: "filename",
  sizeBytes: "size_bytes",
  regions: "regions",
  uploadedAt: "uploaded_at",
  ttlDays: "ttl_days",
  sweepId: "sweep_id",
} as const satisfies Partial<Record<keyof UsageRowInputs, string>>;
const OPENED_AT = "opened_at";
const CLOSED_AT = "closed_at";

const CONNECT_TIMEOUT_MS = 10_000;
/** Rows are small: an answer that has not begun by then does not come, and the request is sent again. */
const STALL_TIMEOUT_MS = 30_000;

type Dynamo = (region: string) => DynamoDBClient;

export interface DynamoClientOptions {
  /** Milliseconds after which a connection on which nothing moves is given up. */
  readonly stallTimeoutMs?: number;
  /** Settings that go before the ones from the environment. */
  readonly config?: DynamoDBClientConfig;
}

/** The entry's row in the usage table: opened at creation, closed and not deleted at deletion. */
export function usageRow(
  deps: Pick<Dependencies, "now">,
  dynamo: Dynamo = createDynamoClients(),
): ResourceHandler<UsageRowInputs, UsageRowOutputs> {
  const now = (): string => isoSeconds(deps.now());
  return {
    computed: ["openedAt"],

    async check(news) {
      return checkInputs<UsageRowInputs>(news, {
        stagingId: parseStagingId,
        region: parseRegion,
        ttlDays: parseTtlDays,
      });
    },

    diff(_id, oldInputs, _oldOutputs, news) {
      return {
        replaces: changedOf(oldInputs, news, ["table", "region", "stagingId"]),
        updates: changedOf(oldInputs, news, Object.keys(ATTRIBUTES) as (keyof typeof ATTRIBUTES)[]),
      };
    },

    async create(inputs, { signal }) {
      const opened = now();
      const client = dynamo(inputs.region);
      const write = (openedAt: string | undefined) =>
        client.send(new UpdateItemCommand(rowUpdate(inputs, openedAt)), { abortSignal: signal });
      const openedAt = await explained(`opening the usage row in ${inputs.table}`, async () => {
        try {
          await write(opened);
          return opened;
        } catch (error) {
          if (errorName(error) !== "ConditionalCheckFailedException") throw error;
        }
        // It is open already: an earlier creation was cut off after it. When it was opened stays true.
        await write(undefined);
        const row = await readRow(client, inputs, signal);
        return String(row?.[OPENED_AT] ?? opened);
      });
      return { id: `${inputs.table}/${inputs.stagingId}`, outputs: { ...inputs, openedAt } };
    },

    async update(_id, { openedAt }, news, { signal }) {
      await explained(`updating the usage row in ${news.table}`, () =>
        dynamo(news.region).send(new UpdateItemCommand(rowUpdate(news, undefined)), { abortSignal: signal }),
      );
      return { ...news, openedAt };
    },

    async read(id, inputs, outputs, { signal }) {
      if (inputs === undefined || outputs === undefined) {
        throw new InputError(`${id} cannot be imported`, { fix: "Stage the data again: spawn stage upload" });
      }
      const row = await explained(`reading the usage row in ${inputs.table}`, async () => {
        try {
          return await readRow(dynamo(inputs.region), inputs, signal);
        } catch (error) {
          if (errorName(error) === "ResourceNotFoundException") return undefined;
          throw error;
        }
      });
      // A closed row is that of an entry that is gone.
      if (row === undefined || row[CLOSED_AT] !== undefined) return undefined;
      const found = { ...inputs, ...inputsOf(row) };
      if (row[ATTRIBUTES.sweepId] === undefined) delete found.sweepId;
      return {
        id,
        inputs: found,
        outputs: { ...found, openedAt: String(row[OPENED_AT] ?? outputs.openedAt) },
      };
    },

    async delete(_id, { region, table, stagingId }, { signal }) {
      await explained(`closing the usage row in ${table}`, async () => {
        try {
          await dynamo(region).send(
            new UpdateItemCommand({
              TableName: table,
              Key: keyOf(stagingId),
              ConditionExpression: "attribute_exists(#key)",
              UpdateExpression: "SET #closed = if_not_exists(#closed, :now)",
              ExpressionAttributeNames: { "#key": USAGE_KEY, "#closed": CLOSED_AT },
              ExpressionAttributeValues: marshall({ ":now": now() }),
            }),
            { abortSignal: signal },
          );
        } catch (error) {
          // No table, or no row: there is nothing to close.
          if (!["ResourceNotFoundException", "ConditionalCheckFailedException"].includes(errorName(error)))
            throw error;
        }
      });
    },
  };
}

/**
 * Sets the provider's attributes and touches no counter.
 * @param openedAt opens the row, on condition that it isn't open; undefined: leaves it open or closed as it is
 */
function rowUpdate(inputs: UsageRowInputs, openedAt: string | undefined): UpdateItemCommandInput {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const sets: string[] = [];
  const removes: string[] = [];
  for (const [input, attribute] of Object.entries(ATTRIBUTES) as [keyof typeof ATTRIBUTES, string][]) {
    names[`#${input}`] = attribute;
    if (inputs[input] === undefined) removes.push(`#${input}`);
    else {
      sets.push(`#${input} = :${input}`);
      values[`:${input}`] = inputs[input];
    }
  }
  if (openedAt !== undefined) {
    Object.assign(names, { "#key": USAGE_KEY, "#opened": OPENED_AT, "#closed": CLOSED_AT });
    sets.push("#opened = :opened");
    values[":opened"] = openedAt;
    removes.push("#closed");
  }
  return {
    TableName: inputs.table,
    Key: keyOf(inputs.stagingId),
    UpdateExpression: `SET ${sets.join(", ")}${removes.length > 0 ? ` REMOVE ${removes.join(", ")}` : ""}`,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: marshall(values),
    ...(openedAt === undefined
      ? {}
      : { ConditionExpression: "attribute_not_exists(#key) OR attribute_exists(#closed)" }),
  };
}

const keyOf = (stagingId: string): Record<string, AttributeValue> => marshall({ [USAGE_KEY]: stagingId });

async function readRow(
  client: DynamoDBClient,
  { table, stagingId }: UsageRowInputs,
  signal: AbortSignal,
): Promise<Record<string, unknown> | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: keyOf(stagingId), ConsistentRead: true });
  const { Item } = await client.send(command, { abortSignal: signal });
  return Item && unmarshall(Item);
}

/** The inputs as the row has them; what it lacks is left out. */
function inputsOf(row: Record<string, unknown>): Partial<UsageRowInputs> {
  const found = Object.entries(ATTRIBUTES).filter(([, attribute]) => row[attribute] !== undefined);
  return Object.fromEntries(found.map(([input, attribute]) => [input, row[attribute]]));
}

/** One client for each region, made when first asked for and kept. */
export function createDynamoClients(options: DynamoClientOptions = {}): Dynamo {
  const clients = new Map<string, DynamoDBClient>();
  return (region) => {
    const client = clients.get(region) ?? createClient(region, options);
    clients.set(region, client);
    return client;
  };
}

function createClient(region: string, { stallTimeoutMs, config }: DynamoClientOptions): DynamoDBClient {
  // The SDK by itself waits for ever.
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: stallTimeoutMs ?? STALL_TIMEOUT_MS,
  });
  return new DynamoDBClient({ region, requestHandler, ...config });
}
