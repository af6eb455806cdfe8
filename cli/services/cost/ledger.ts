import { ScanCommand, type ScanCommandInput } from "@aws-sdk/client-dynamodb";
import { plainItem } from "../../../provider/plain-item.ts";
import { InputError, type UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { type LedgerRow, parseLedgerRow } from "../../../staging/ledger.ts";
import { commandLine } from "../../command-line.ts";
import { itemPages, parsedRows } from "../common/items.ts";
import { type Tables, usageItem } from "../entry/records.ts";

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
  const pages = itemPages((start) => tables.client.send(new ScanCommand({ ...scan, ...start })));
  for await (const page of pages)
    yield await parsedRows(page, (item) => parseLedgerRow(plainItem(item)), onMalformed);
}

async function ledgerRow(tables: Tables, id: StagingId): Promise<LedgerRow> {
  const item = await usageItem(tables, id, true);
  if (item !== undefined) return parseLedgerRow(item);
  const { settings } = tables;
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
