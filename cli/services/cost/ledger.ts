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
  /** Rows with a life of this sweep, and perhaps others of another. */
  readonly sweepId?: string | undefined;
}

/** Rows of a page: memory stays small where the server has no limit of its own. */
const PAGE = 1000;

/**
 * The rows of the usage table, in no order, a page at a time; the next page is fetched while the caller uses the one
 * it has.
 * @param onMalformed told of a row that cannot be read; the others come all the same
 * @throws InputError when a single entry is asked for and the ledger does not know it
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
    why: "The usage ledger keeps a row of every entry, also of those deleted since, and has none of this one.",
    fix: `To see which entries cost something: ${commandLine("spawn stage cost --format csv", settings.name)}`,
  });
}

/**
 * A scan: the ledger has no index, and a report reads most of it. Rows come whole, since a report needs nearly all of
 * them, and a projection by 25 names took the local cloud three times as long.
 */
function scanOf(table: string, { sweepId }: LedgerFilter): ScanCommandInput {
  return {
    TableName: table,
    Limit: PAGE,
    ...(sweepId === undefined
      ? {}
      : {
          // An earlier life may have been of the sweep; which one it was is looked at in the report.
          FilterExpression: "#sweep = :sweep OR attribute_exists(#lives)",
          ExpressionAttributeNames: { "#sweep": "sweep_id", "#lives": "lives" },
          ExpressionAttributeValues: { ":sweep": { S: sweepId } },
        }),
  };
}
