import { findEngine } from "../../../../local/engine/engine.ts";
import { type ExpiredEntry, expiredEntries, type HeldTtl } from "../../../../staging/declared-expiry.ts";
import { type EntrySpec, idsOf } from "../../../../staging/entry.ts";
import type { UserError } from "../../../../staging/errors.ts";
import { isStagingId, type StagingId } from "../../../../staging/ids.ts";
import type { LedgerRow } from "../../../../staging/ledger.ts";
import type { Context } from "../../../context.ts";
import { openSession, type SessionSource } from "../../../engine/session.ts";
import { resourcesOf } from "../../common/state.ts";
import { itemsOf } from "../../environment/held.ts";
import { getLedgerRows, type Tables } from "../records.ts";

/** The names of items, by the IDs of their entries. */
type Items = ReadonlyMap<StagingId, string>;

/**
 * The declared entries that have expired. The ledger knows them after DynamoDB has removed their records.
 * @param inState reads the entries of the environment's stack. Called only if the ledger lacks an item's own IDs: a renamed item, or one
 * whose source has changed, has another ID
 * @param onMalformed called with the error of a corrupt row
 */
export async function expiredDeclared(
  context: Pick<Context, "environment">,
  tables: Tables,
  now: () => Date,
  inState: (entries: readonly EntrySpec[]) => Promise<Items>,
  onMalformed: (error: UserError) => void,
): Promise<ExpiredEntry[]> {
  const { entries } = await context.environment();
  if (entries.length === 0) return [];
  const ttlsOf = async (ids: readonly StagingId[]): Promise<HeldTtl[]> =>
    (await getLedgerRows(tables, ids, onMalformed)).flatMap(ttlOf);
  const own: Items = new Map(
    entries.flatMap((entry) => idsOf(entry).map((id) => [id, entry.declaredAs ?? id])),
  );
  const ttls = await ttlsOf([...own.keys()]);
  const isKnown = (entry: EntrySpec) =>
    idsOf(entry).some((id) => ttls.some(({ stagingId }) => stagingId === id));
  const held: Items = entries.every(isKnown) ? new Map() : await inState(entries);
  const others = await ttlsOf([...held.keys()].filter((id) => !own.has(id)));
  // The state knows better: a new item of the old name would have the ID that a renamed one keeps.
  const items = [...new Map([...own, ...held])];
  const staged = items.map(([id, declaredAs]) => ({ id, declaredAs }));
  return expiredEntries([...ttls, ...others], staged, now());
}

/**
 * The entries of the environment's stack that belong to items. None on a machine without an engine: a list must not build one.
 * @throws UserError if the state cannot be read
 */
export async function itemsInStack(
  context: SessionSource & Pick<Context, "environmentName">,
  entries: readonly EntrySpec[],
): Promise<Items> {
  if ((await findEngine()) === undefined) return new Map();
  const { environmentName: environment } = context;
  const { environmentProject } = await openSession(context);
  const resources = await resourcesOf(environmentProject, environment);
  const found = [...itemsOf(environment, entries, resources)];
  return new Map(found.flatMap(([id, item]) => (isStagingId(id) ? [[id, item] as const] : [])));
}

/** The TTL of the current generation, unless the entry was deleted. */
function ttlOf({ stagingId, lives }: LedgerRow): HeldTtl[] {
  const life = lives.at(-1);
  const ttl = life?.placements.at(-1)?.ttlDays;
  if (life === undefined || ttl === undefined || life.closedAt !== undefined) return [];
  return [{ stagingId, uploadedAt: life.uploadedAt, ttl }];
}
