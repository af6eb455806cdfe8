import {
  GetItemCommand,
  ScanCommand,
  type ScanCommandInput,
  type ScanCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { plainItem } from "../../../provider/plain-item.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { type LedgerRow, parseLedgerRow } from "../../../staging/ledger.ts";
import { USAGE_KEY } from "../../../staging/usage.ts";
import { commandLine } from "../../command-line.ts";
import type { Tables } from "../entry/records.ts";

export interface LedgerFilter {
  readonly stagingId?: StagingId | undefined;
  /** Rows with a generation of this sweep; they may have generations of other sweeps. */
  readonly sweepId?: string | undefined;
}

/** Rows per page; bounds the memory if the server has no limit. */
const PAGE = 1000;

/**
 * The rows of the usage table, in any order, a page at a time; the next page is requested while the caller uses the current one.
 * @param onMalformed called for a row that cannot be read, which is left out
 * @throws InputError if the filter names an entry that the ledger does not know
 */
export async function* ledgerPages(
  tables: Tables,
  filter: LedgerFilter,
  onMalformed: (error: UserError) => void,
): AsyncGenerator<LedgerRow[]> {
  if (filter.stagingId !== undefined) {
    yield [await ledgerRow(tables, filter.stagingId)];
    return;
  }
  const scan = scanOf(tables.settings.usageTable, filter);
  const fetch = (start: ScanCommandInput["ExclusiveStartKey"]): Promise<ScanCommandOutput> =>
    tables.client.send(
      new ScanCommand({ ...scan, ...(start === undefined ? {} : { ExclusiveStartKey: start }) }),
    );
  let next: Promise<ScanCommandOutput> | undefined = fetch(undefined);
  while (next !== undefined) {
    const { Items = [], LastEvaluatedKey }: ScanCommandOutput = await next;
    next = LastEvaluatedKey === undefined ? undefined : fetch(LastEvaluatedKey);
    // If the caller stops here, the fetch ahead must not become an unhandled rejection.
    next?.catch(() => undefined);
    const page: LedgerRow[] = [];
    for (const item of Items) {
      try {
        page.push(parseLedgerRow(plainItem(item)));
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        onMalformed(error);
      }
    }
    yield page;
  }
}

async function ledgerRow({ client, settings }: Tables, id: StagingId): Promise<LedgerRow> {
  const { Item } = await client.send(
    new GetItemCommand({
      TableName: settings.usageTable,
      Key: { [USAGE_KEY]: { S: id } },
      ConsistentRead: true,
    }),
  );
  if (Item !== undefined) return parseLedgerRow(plainItem(Item));
  throw new InputError(`no staging entry ${id} was ever in environment ${settings.name}`, {
    why: "The usage ledger keeps a row for every entry, including deleted ones, and has none for this one.",
    fix: `To list the entries with costs: ${commandLine("spawn stage cost --format csv", settings.name)}`,
  });
}

/**
 * A scan, because the ledger has no index and a report reads most of it. Without a projection: one with 25 names took three times as
 * long on the local cloud.
 */
function scanOf(table: string, { sweepId }: LedgerFilter): ScanCommandInput {
  return {
    TableName: table,
    Limit: PAGE,
    ...(sweepId === undefined
      ? {}
      : {
          // An earlier generation may belong to the sweep; the report decides.
          FilterExpression: "#sweep = :sweep OR attribute_exists(#lives)",
          ExpressionAttributeNames: { "#sweep": "sweep_id", "#lives": "lives" },
          ExpressionAttributeValues: { ":sweep": { S: sweepId } },
        }),
  };
}
