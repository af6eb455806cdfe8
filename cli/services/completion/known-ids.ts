import { createHash } from "node:crypto";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { replaceFile } from "../../../files/replace.ts";
import { spawnPaths } from "../../../local/paths.ts";
import { makeDataFolder } from "../../../local/private-folders.ts";
import { UserError } from "../../../staging/errors.ts";
import { isStagingId } from "../../../staging/ids.ts";
import { isSweepId } from "../../../staging/sweep/id.ts";
import { isRecord } from "../../../staging/type-guards.ts";
import type { Context } from "../../context.ts";

/*
 * The IDs that shells complete, in a file of the data folder for each environment. Commands that list, create or delete entries and
 * sweeps update the file, so completion sends no request. Other machines' changes arrive with the next list.
 */

/** Names by ID, the newest first. */
type Names = ReadonlyMap<string, string>;
interface KnownIds {
  readonly entries: Names;
  readonly sweeps: Names;
}
type Kind = keyof KnownIds;

/** Where the settings of the environment are: another project may have an environment of the same name. */
type Place = Pick<Context, "environmentName" | "projectFolder">;

/** Maximum number of IDs of each kind, which bounds the time of a completion. */
export const MOST_IDS = 1000;
/** A larger file is not from this program. */
const MAX_BYTES = 2 ** 20;
/** Letters of a name, which is only a description. */
const NAME_LENGTH = 80;

const IS_ID: Readonly<Record<Kind, (text: string) => boolean>> = { entries: isStagingId, sweeps: isSweepId };
const NONE: KnownIds = { entries: new Map(), sweeps: new Map() };

const folder = (): string => join(spawnPaths().data, "completion");

export function knownIdsFile({ environmentName, projectFolder }: Place): string {
  const digest = createHash("sha256").update(projectFolder).digest("hex").slice(0, 16);
  return join(folder(), `${environmentName}-${digest}.json`);
}

/** The IDs of the environment; none if the file is missing or damaged. Other text of the file is left out. */
export async function readKnownIds(place: Place): Promise<KnownIds> {
  return (await read(knownIdsFile(place))).ids;
}

interface Change {
  /** IDs with their names. */
  readonly add?: Iterable<readonly [id: string, name: string]>;
  readonly remove?: readonly string[];
  /** Whether `add` has all IDs, so that the others no longer exist. */
  readonly isComplete?: boolean;
}

/**
 * Updates the IDs after a command has listed, created or deleted entries or sweeps. IDs of another account are dropped. Does not fail if
 * the account is not known or the file cannot be written, because the command has succeeded.
 */
export async function updateKnownIds(
  context: Place & Pick<Context, "account">,
  kind: Kind,
  { add = [], remove = [], isComplete = false }: Change,
): Promise<void> {
  // STS may be unreachable, for example. A command that needs the account reports the error.
  const account = await context.account().then(
    (known) => known ?? null,
    () => undefined,
  );
  if (account === undefined) return;
  await ifPossible(async () => {
    const file = knownIdsFile(context);
    const found = await read(file);
    const ids = found.account === account ? found.ids : NONE;
    const added = new Map(add);
    const kept = isComplete ? [] : [...ids[kind]].filter(([id]) => !added.has(id));
    const all = [...added, ...kept].filter(([id]) => !remove.includes(id)).slice(0, MOST_IDS);
    const next = { ...ids, [kind]: new Map(all) };
    const text = JSON.stringify({ account, entries: [...next.entries], sweeps: [...next.sweeps] });
    makeDataFolder();
    await mkdir(dirname(file), { recursive: true });
    await replaceFile(file, `${text}\n`, 0o600);
  });
}

/** Forgets the IDs of a destroyed environment; without one, those of all environments. Does not fail either. */
export const forgetKnownIds = (place?: Place): Promise<void> =>
  ifPossible(() =>
    rm(place === undefined ? folder() : knownIdsFile(place), { recursive: true, force: true }),
  );

/** Changes files, unless the system or the owner of a folder prevents it. */
async function ifPossible(change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof UserError) && !isSystemError(error)) throw error;
  }
}

/** Passes a list on, and collects the IDs and names of its first items. */
export async function* collecting<T>(
  pages: AsyncIterable<T[]>,
  nameOf: (item: T) => readonly [id: string, name: string],
  into: Map<string, string>,
): AsyncGenerator<T[]> {
  for await (const page of pages) {
    for (const item of page.slice(0, MOST_IDS - into.size)) into.set(...nameOf(item));
    yield page;
  }
}

async function read(file: string): Promise<{ readonly account: unknown; readonly ids: KnownIds }> {
  try {
    if ((await stat(file)).size > MAX_BYTES) return { account: undefined, ids: NONE };
    const content: unknown = JSON.parse(await readFile(file, "utf8"));
    if (!isRecord(content)) return { account: undefined, ids: NONE };
    const { account, entries, sweeps } = content;
    return { account, ids: { entries: namesIn(entries, "entries"), sweeps: namesIn(sweeps, "sweeps") } };
  } catch (error) {
    if (error instanceof SyntaxError || isSystemError(error)) return { account: undefined, ids: NONE };
    throw error;
  }
}

function namesIn(list: unknown, kind: Kind): Names {
  const names = new Map<string, string>();
  for (const item of Array.isArray(list) ? list.slice(0, MOST_IDS) : []) {
    const [id, name]: unknown[] = Array.isArray(item) ? item : [];
    if (typeof id === "string" && typeof name === "string" && IS_ID[kind](id))
      names.set(id, name.slice(0, NAME_LENGTH));
  }
  return names;
}

const isSystemError = (error: unknown): boolean => error instanceof Error && "syscall" in error;
