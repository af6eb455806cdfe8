import { entryStackName, idsOf } from "../../../staging/entry.ts";
import type { UserError } from "../../../staging/errors.ts";
import { ID_DIGITS, ID_PREFIX, isStagingId, type StagingId } from "../../../staging/ids.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { sweepOfStack } from "../../../staging/sweep/id.ts";
import type { Context } from "../../context.ts";
import type { EngineSettings } from "../../engine/process.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import { listStacks } from "../../engine/stacks.ts";
import { readStateOrBackup } from "../../engine/state.ts";
import { resourcesOf } from "../common/state.ts";
import { idsIn } from "../entry/delete-guards.ts";
import { listRecordPages } from "../entry/records.ts";
import { unfinishedStacks } from "../entry/upload/unfinished.ts";

/** The owners of entries: records, stacks, and the environment's own file and stack. */
export interface Owners {
  readonly records: ReadonlyMap<StagingId, StagingRecord>;
  /** Entries with their own stack. */
  readonly stacks: ReadonlySet<StagingId>;
  /** Entries with an upload or deletion that began on this machine, with or without a stack. */
  readonly begun: ReadonlySet<StagingId>;
  /** Entries of the environment's file or stack, with the names of their items in the file. */
  readonly declared: ReadonlyMap<StagingId, string | undefined>;
  /** Entries of the environment's file or stack, entries in renamed stacks, and entries with an upload that began on this machine. */
  readonly others: ReadonlySet<StagingId>;
}

/** @param onMalformed called for a record that cannot be read; its data are kept */
export async function findOwners(
  context: SessionSource & Pick<Context, "environment" | "environmentName" | "tables">,
  onMalformed: (error: UserError) => void,
): Promise<Owners> {
  const tables = await context.tables();
  const records = new Map<StagingId, StagingRecord>();
  for await (const page of listRecordPages(tables, {}, onMalformed))
    for (const record of page) records.set(record.stagingId, record);
  const [{ entries }, session, begun] = await Promise.all([
    context.environment(),
    openSession(context),
    unfinishedStacks(context.environmentName),
  ]);
  const { environmentName: name } = context;
  const stacks = await listStacks(session.entryProject);
  const [inState, inOthers] = await Promise.all([
    idsInState(session.environmentProject, name),
    idsInOthers(session.entryProject, stacks, name),
  ]);
  const known = idsOfStacks(begun, name);
  const declared = new Map<StagingId, string | undefined>([
    ...inState.map((id) => [id, undefined] as const),
    ...entries.flatMap((entry) => idsOf(entry).map((id) => [id, entry.declaredAs] as const)),
  ]);
  return {
    declared,
    records,
    stacks: new Set(idsOfStacks(stacks, name)),
    begun: new Set(known),
    others: new Set([...declared.keys(), ...inOthers, ...known]),
  };
}

/** The entries that have their own stack in the backend. */
export async function entryStacks(
  context: Pick<Context, "environmentName">,
  project: EngineSettings,
): Promise<Set<StagingId>> {
  return new Set(idsOfStacks(await listStacks(project), context.environmentName));
}

function idsOfStacks(stacks: readonly string[], environment: string): StagingId[] {
  return stacks.flatMap((stack) => {
    const id = stack.slice(environment.length + 1);
    return isStagingId(id) && entryStackName(environment, id) === stack ? [id] : [];
  });
}

/**
 * Entries in the environment's stack, including items that were removed from the file before an update.
 * @throws UserError if the state is damaged and has no backup: its data would look like orphans
 */
async function idsInState(project: EngineSettings, stack: string): Promise<StagingId[]> {
  return idsIn(await resourcesOf(project, stack));
}

/** Entries in renamed stacks. They include the stacks of other environments. */
async function idsInOthers(
  project: EngineSettings,
  stacks: readonly string[],
  environment: string,
): Promise<StagingId[]> {
  const renamed = stacks.filter(
    (stack) => stack !== environment && !ENTRY_STACK.test(stack) && sweepOfStack(stack) === undefined,
  );
  const states = await Promise.all(renamed.map((stack) => readStateOrBackup(project, stack)));
  return states.flatMap(({ resources }) => idsIn(resources));
}

const ENTRY_STACK = new RegExp(`\\.${ID_PREFIX}[0-9a-f]{${ID_DIGITS}}$`);
