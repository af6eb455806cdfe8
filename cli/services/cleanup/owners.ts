import { entryStackName } from "../../../staging/entry.ts";
import { isRecord } from "../../../staging/environment.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import { parseStagingId, type StagingId } from "../../../staging/ids.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import type { Context } from "../../context.ts";
import { type EngineSettings, reasonOf, runEngine } from "../../engine/process.ts";
import { openSession } from "../../engine/session.ts";
import { listStacks } from "../../engine/stacks.ts";
import { listRecordPages } from "../records.ts";
import { unfinishedStacks } from "../unfinished.ts";

/** Who knows which entries: the records, the stacks, and the environment's own file and stack. */
export interface Owners {
  readonly records: ReadonlyMap<StagingId, StagingRecord>;
  /** Entries with a stack of their own. */
  readonly stacks: ReadonlySet<StagingId>;
  /** Those that the environment's file or stack declares, and those whose upload was begun on this machine. */
  readonly others: ReadonlySet<StagingId>;
}

/** @param onMalformed told of a record that cannot be read; what it owns is left alone */
export async function findOwners(context: Context, onMalformed: (error: UserError) => void): Promise<Owners> {
  const tables = await context.tables();
  const records = new Map<StagingId, StagingRecord>();
  for await (const page of listRecordPages(tables, {}, onMalformed))
    for (const record of page) records.set(record.stagingId, record);
  const [{ entries }, session, begun] = await Promise.all([
    context.environment(),
    openSession(context),
    unfinishedStacks(context.environmentName),
  ]);
  const [stacks, inState] = await Promise.all([
    entryStacks(context, session.entryProject),
    idsInState(session.environmentProject, context.environmentName),
  ]);
  const known = idsOfStacks(begun, context.environmentName);
  return { records, stacks, others: new Set([...entries.map(({ id }) => id), ...inState, ...known]) };
}

/** The entries that have a stack of their own, as the backend knows them now. */
export async function entryStacks(context: Context, project: EngineSettings): Promise<Set<StagingId>> {
  return new Set(idsOfStacks(await listStacks(project), context.environmentName));
}

function idsOfStacks(stacks: readonly string[], environment: string): StagingId[] {
  return stacks.flatMap((stack) => {
    const id = stagingIdIn(stack.slice(environment.length + 1));
    return id !== undefined && entryStackName(environment, id) === stack ? [id] : [];
  });
}

/** The id that `text` is; undefined where it is none. */
export function stagingIdIn(text: string): StagingId | undefined {
  try {
    return parseStagingId(text);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Entries in the environment's stack; also of items that its file no longer has and no update has removed yet. */
async function idsInState(project: EngineSettings, stack: string): Promise<StagingId[]> {
  const run = await runEngine(project, ["stack", "export", "--stack", stack]);
  if (run.exitCode !== 0) {
    if (/no stack named/.test(run.stderr)) return [];
    throw new UserError(`the state of ${stack} cannot be read`, {
      why: reasonOf(run),
      fix: "spawn doctor",
    });
  }
  const state: unknown = JSON.parse(run.stdout);
  const deployment = isRecord(state) ? state["deployment"] : undefined;
  const resources = isRecord(deployment) ? deployment["resources"] : undefined;
  return (Array.isArray(resources) ? resources : []).flatMap((resource: unknown) => {
    const inputs = isRecord(resource) ? resource["inputs"] : undefined;
    const id = isRecord(inputs) ? inputs["stagingId"] : undefined;
    return typeof id === "string" ? (stagingIdIn(id) ?? []) : [];
  });
}
