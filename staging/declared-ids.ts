import { type EntrySpec, idsOf } from "./entry.ts";
import { InputError } from "./errors.ts";
import type { HeldEntry, StagedVersion } from "./held-entry.ts";
import { declaredStagingId, isStagingId, type StagingId } from "./ids.ts";
import { omitUndefined } from "./omit.ts";

/** Of a source that was read. */
interface ReadSource {
  readonly sha256?: string;
  /** Whether the item's pin is this SHA-256, or that of a checkout under another umask; absent without a pin. */
  readonly isPinned?: boolean;
}

/** The source of a declared entry, compared with the data that were staged from it. */
export type SourceComparison =
  /** It has the content of the staged data of this entry. */
  | ({ readonly state: "same"; readonly stagingId: string } & ReadSource)
  /** `content` is a digest that follows from its content. */
  | ({ readonly state: "changed"; readonly content: string } & ReadSource)
  /** It cannot be read, for example because this machine does not have it. */
  | { readonly state: "unreadable"; readonly why: string };

export type CompareSource = (entry: EntrySpec, staged: readonly StagedVersion[]) => Promise<SourceComparison>;

/** A declared entry whose source has other content than the staged data. */
export interface ReplacedEntry {
  readonly item: string;
  readonly stagingId: StagingId;
  /** The entry that is deleted after the new one is complete. */
  readonly replaces: string;
}

/** A declared entry whose source could not be compared; the staged data stay. */
export interface UncomparedEntry {
  readonly item: string;
  readonly stagingId: StagingId;
  readonly why: string;
}

export interface IdentifiedEntries {
  /** The entries with their IDs. */
  readonly entries: readonly EntrySpec[];
  readonly replaced: readonly ReplacedEntry[];
  readonly uncompared: readonly UncomparedEntry[];
}

/**
 * The entries of the state that belong to each declared entry: the adopted one; under its item's name, from the same source; under its ID;
 * or, for a renamed item, from the same source under a name that no longer has it. Several belong to an item while a changed source is staged.
 * @param now an expired entry does not follow a renamed item: another name stages the data again
 */
function heldByEntry(
  environment: string,
  entries: readonly EntrySpec[],
  held: readonly HeldEntry[],
  now: Date,
): ReadonlyMap<EntrySpec, readonly HeldEntry[]> {
  const free = new Set(held);
  const found = new Map<EntrySpec, readonly HeldEntry[]>();
  const take = (pick: (entry: EntrySpec) => readonly HeldEntry[]): void => {
    for (const entry of entries) {
      if (found.has(entry)) continue;
      const own = pick(entry);
      if (own.length === 0) continue;
      found.set(entry, own);
      for (const one of own) free.delete(one);
    }
  };
  const isOwn = (entry: EntrySpec, one: HeldEntry): boolean =>
    one.item === entry.declaredAs && isSameItem(environment, entry, one);
  const hasExpired = (one: HeldEntry): boolean =>
    one.expiresAt !== undefined && new Date(one.expiresAt) <= now;
  take((entry) => {
    const adopted = [...free].find((one) => one.stagingId === entry.adoptedId);
    if (adopted === undefined) return [];
    // No update has written its item yet. An entry under the item's name is another item's, which was removed from the file.
    if (adopted.item === undefined) return adopted.origin.region === entry.regions[0] ? [adopted] : [];
    if (!isSameItem(environment, entry, adopted)) return [];
    if (adopted.item !== entry.declaredAs && hasExpired(adopted)) return [];
    return [...free].filter((one) => one === adopted || isOwn(entry, one));
  });
  take((entry) => [...free].filter((one) => isOwn(entry, one)));
  take((entry) => {
    const ids = idsOf(entry).filter((id) => id !== entry.adoptedId);
    return [...free].filter(({ item, stagingId }) => item === undefined && isOneOf(ids, stagingId));
  });
  take((entry) => {
    const same = [...free].filter((one) => isSameOrigin(environment, entry, one) && !hasExpired(one));
    return same.filter(({ item }) => item === same[0]?.item);
  });
  return found;
}

/** The names of the items that have an entry of the state, by the entry's ID. */
export function itemsInState(
  environment: string,
  entries: readonly EntrySpec[],
  held: readonly HeldEntry[],
  now: Date,
): ReadonlyMap<string, string> {
  const found = [...heldByEntry(environment, entries, held, now)];
  return new Map(
    found.flatMap(([{ declaredAs = "" }, own]) =>
      own.map(({ stagingId }) => [stagingId, declaredAs] as const),
    ),
  );
}

/**
 * The declared entries with the IDs of the state. A source with other content gets another ID, so that the new entry is complete
 * before the old one is deleted.
 * @throws InputError if an item names an entry that the state does not have, or if the content differs from the SHA-256 that the item pins
 */
export async function identifyEntries(
  environment: string,
  entries: readonly EntrySpec[],
  held: readonly HeldEntry[],
  compare: CompareSource,
  now: Date,
): Promise<IdentifiedEntries> {
  const owned = heldByEntry(environment, entries, held, now);
  const takenBy = new Map<string, EntrySpec>();
  for (const [entry, own] of owned) for (const { stagingId } of own) takenBy.set(stagingId, entry);
  const identified: EntrySpec[] = [];
  const replaced: ReplacedEntry[] = [];
  const uncompared: UncomparedEntry[] = [];
  for (const entry of entries) {
    const known = await withId(entry, owned.get(entry) ?? []);
    takenBy.set(known.id, entry);
    identified.push(known);
  }
  return { entries: identified, replaced, uncompared };

  async function withId(entry: EntrySpec, own: readonly HeldEntry[]): Promise<EntrySpec> {
    const item = entry.declaredAs ?? entry.id;
    const staged = own.flatMap((one) => one.staged ?? []).sort(newestFirst);
    const [newest] = staged;
    const { adoptedId } = entry;
    if (own.length === 0 && adoptedId !== undefined && !held.some(({ stagingId }) => stagingId === adoptedId))
      throw notAdopted(environment, item, adoptedId);
    if (newest === undefined) {
      const comparison = entry.sha256 === undefined ? undefined : await compare(entry, []);
      const pinned = comparison === undefined ? entry : withPin(environment, entry, comparison, undefined);
      const [begun] = own;
      const isBegun = begun !== undefined && isStagingId(begun.stagingId);
      return { ...pinned, id: isBegun ? begun.stagingId : freeId(entry, entry.id) };
    }
    const comparison = await compare(entry, staged);
    const same = staged.find(
      ({ stagingId }) => comparison.state === "same" && stagingId === comparison.stagingId,
    );
    const pinned = withPin(environment, entry, comparison, same ?? newest);
    if (comparison.state === "changed") {
      const stagingId = freeId(entry, contentId(environment, entry, comparison.content), staged);
      replaced.push({ item, stagingId, replaces: newest.stagingId });
      return { ...pinned, id: stagingId };
    }
    const stagingId = (same ?? newest).stagingId as StagingId; // heldEntries reads StagedData, whose check requires an ID
    if (comparison.state === "unreadable") uncompared.push({ item, stagingId, why: comparison.why });
    return { ...pinned, id: stagingId };
  }

  /**
   * An ID that no other item has: a renamed item keeps the ID that its old name would give.
   * @param staged entries of the item with other content; the ID of one follows from this content if the source changed during the upload
   */
  function freeId(entry: EntrySpec, wanted: StagingId, staged: readonly StagedVersion[] = []): StagingId {
    let id = wanted;
    const isTaken = () =>
      (takenBy.get(id) ?? entry) !== entry || staged.some(({ stagingId }) => stagingId === id);
    while (isTaken()) id = contentId(environment, entry, id);
    return id;
  }
}

const newestFirst = (a: StagedVersion, b: StagedVersion): number => b.uploadedAt.localeCompare(a.uploadedAt);

const isOneOf = (ids: readonly string[], id: string): boolean => ids.includes(id);

/** Whether a known item has this entry: a checkout at another place has other absolute paths. The content then decides. */
function isSameItem(environment: string, entry: EntrySpec, held: HeldEntry): boolean {
  const { declaredSource, relativeSource } = held;
  const isMoved = relativeSource !== undefined && relativeSource === entry.declaredSource?.relative;
  const here = isMoved ? entry.declaredSource.canonical : declaredSource;
  return isSameOrigin(environment, entry, { ...held, declaredSource: here });
}

function isSameOrigin(environment: string, entry: EntrySpec, held: HeldEntry): boolean {
  const { declaredSource } = entry;
  if (declaredSource === undefined) return false;
  if (held.declaredSource === undefined) {
    // A state of version 0.1.0: its IDs follow from names and sources.
    return held.item !== undefined && isOneOf(idsUnder(environment, held.item, entry), held.stagingId);
  }
  const { region, filename, exclude, followLinks, noSha256 } = held.origin;
  return (
    held.declaredSource === declaredSource.canonical &&
    region === entry.regions[0] &&
    filename === entry.filename &&
    JSON.stringify(exclude) === JSON.stringify(entry.exclude) &&
    followLinks === (entry.followLinks ?? false) &&
    noSha256 === entry.noSha256
  );
}

/** The spellings of an entry's source; the canonical one first. */
function spellingsOf({ declaredSource, source }: EntrySpec): readonly [string, ...string[]] {
  return declaredSource === undefined ? [source] : [declaredSource.canonical, ...declaredSource.others];
}

/** The IDs that an item of this name would have, by the spelling of its source. */
function idsUnder(environment: string, name: string, entry: EntrySpec): StagingId[] {
  return spellingsOf(entry).map((spelling) => idFrom(environment, name, spelling, entry));
}

const idFrom = (environment: string, name: string, spelling: string, entry: EntrySpec, content?: string) =>
  declaredStagingId(environment, name, spelling, entry.regions[0], { ...entry, content });

const contentId = (environment: string, entry: EntrySpec, content: string): StagingId =>
  idFrom(environment, entry.declaredAs ?? entry.id, spellingsOf(entry)[0], entry, content);

const notAdopted = (environment: string, item: string, id: StagingId): InputError =>
  new InputError(
    `Pulumi.${environment}.yaml: spawn:entries: item ${item} names ${id}, which the stack ${environment} does not have`,
    {
      why: "Its adoption or ejection was interrupted, or the entry was deleted. Nothing was changed.",
      fix: `spawn stage adopt ${id} --environment ${environment}, or spawn stage eject ${id} --environment ${environment}. If the entry was deleted, remove id from the item.`,
    },
  );

/**
 * @returns the entry; if its pin is that of a checkout under another umask, with the SHA-256 that an upload from here has
 * @throws InputError if the content of the source, or the staged data if it is unreadable, is not what the item pins
 */
function withPin(
  environment: string,
  entry: EntrySpec,
  comparison: SourceComparison,
  staged: StagedVersion | undefined,
): EntrySpec {
  const { declaredAs, source, sha256: pinned } = entry;
  if (comparison.state !== "unreadable" && comparison.isPinned === true)
    return { ...entry, ...omitUndefined({ sha256: comparison.sha256 }) };
  const found = comparison.state === "changed" ? comparison.sha256 : staged?.sha256;
  // An unreadable source that was never staged fails at its own check.
  if (pinned === undefined || found === undefined || found === pinned) return entry;
  const what = comparison.state === "unreadable" ? `the staged data ${staged?.stagingId}` : source;
  throw new InputError(
    `Pulumi.${environment}.yaml: spawn:entries: item ${declaredAs}: sha256 is not that of ${what}`,
    {
      why: `The item pins ${pinned}; found ${found}${comparison.state === "unreadable" ? `, and ${comparison.why}` : ""}. Nothing was changed.`,
      fix: `Restore the content, or write sha256: ${found}`,
    },
  );
}
