import { undefinedIf } from "../../../../connection/errors/failure.ts";
import { isNoSuchTable } from "../../../../connection/errors/kinds.ts";
import { UserError } from "../../../../staging/errors.ts";
import type { StagingId } from "../../../../staging/ids.ts";
import { type Generation, parseLedgerRow } from "../../../../staging/ledger.ts";
import { CorruptRecordError } from "../../../../staging/record.ts";
import type { Context, RemainsContext } from "../../../context.ts";
import { explained } from "../../common/outcomes.ts";
import { localSettings } from "../other-buckets.ts";
import { catchCorrupt, findRecord, type Tables, usageItem } from "../records.ts";
import { findAccessPoints } from "./access-points.ts";
import { bucketsOfEntry, holdsEntry } from "./buckets.ts";
import type { EntryRemains } from "./remains.ts";

/**
 * Looks for everything that AWS holds of an entry, by its id: objects, versions, delete markers and open multipart uploads
 * under `{id}/` in every bucket where it can be, the record, an open usage row, and access points under the entry's name.
 * Starts no engine and changes nothing.
 * @returns also the places that could not be searched, in `unknown`; they are no error
 */
export async function findRemains(context: RemainsContext, id: StagingId): Promise<EntryRemains> {
  const unknown: UserError[] = [];
  /** The result of a look; `fallback` where it fails. */
  const look = async <T>(what: string, fallback: T, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      unknown.push(notSeen(context, what, cause));
      return fallback;
    }
  };
  const [buckets, tables] = await Promise.all([bucketsOfEntry(context, id), context.tables()]);
  const [places, record, openGeneration, settings] = await Promise.all([
    Promise.all(
      buckets.map((named) =>
        look(`the bucket ${named.bucket}`, undefined, async () =>
          (await holdsEntry(await context.store(named.region), named.bucket, id)) ? named : undefined,
        ),
      ),
    ),
    look(`the table ${tables.settings.recordsTable}`, undefined, () => recordOf(tables, id)),
    look(`the table ${tables.settings.usageTable}`, undefined, () => openLifeOf(tables, id)),
    localSettings(context.environmentName, id),
  ]);
  const accounts = [
    ...(record === undefined || record === "unreadable" ? [] : record.allowAccounts),
    ...(settings?.spec.allowAccounts ?? []),
  ];
  const regions = [...new Set(buckets.map(({ region }) => region))];
  const accessPoints = await look("the access points", [], () =>
    findAccessPoints(context, id, regions, accounts.length > 0),
  );
  return {
    ...{ id, record, openGeneration, accessPoints, unknown },
    places: places.filter((place) => place !== undefined),
  };
}

function notSeen(context: Pick<Context, "at">, what: string, cause: unknown): UserError {
  const { message, why, fix } = explained(context, cause);
  return new UserError(`${what} could not be searched: ${message}`, { why, fix, cause });
}

async function recordOf(tables: Tables, id: StagingId): Promise<EntryRemains["record"]> {
  const record = await catchCorrupt(undefinedIf(isNoSuchTable, findRecord(tables, id)));
  return record instanceof CorruptRecordError ? "unreadable" : record;
}

/** The life that is open in the ledger. Read strongly consistent: a row just closed is seen as it is. */
async function openLifeOf(tables: Tables, id: StagingId): Promise<Generation | "unreadable" | undefined> {
  const row = await undefinedIf(isNoSuchTable, usageItem(tables, id, true));
  if (row === undefined) return undefined;
  // Workers may have counted in a row that no upload has opened.
  if (row["opened_at"] === undefined || row["closed_at"] !== undefined) return undefined;
  try {
    return parseLedgerRow(row).lives.at(-1);
  } catch (error) {
    if (error instanceof UserError) return "unreadable";
    throw error;
  }
}
