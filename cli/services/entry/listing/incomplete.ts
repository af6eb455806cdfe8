import type { EntrySettings } from "../../../../stacks/entry-settings.ts";
import { type EntrySpec, splitSpec } from "../../../../staging/entry.ts";
import { InputError } from "../../../../staging/errors.ts";
import type { StagingRecord } from "../../../../staging/record.ts";
import type { StackName } from "../../../../staging/stack-name.ts";
import type { Context } from "../../../context.ts";
import { readEntrySettings } from "../entry-settings.ts";
import { findRecord } from "../records.ts";
import { importShared } from "../upload/shared-uploads.ts";
import { changeOf, type MeasuredSource } from "../upload/source-change.ts";
import {
  endUpload,
  isBeingUploaded,
  readUnfinished,
  type Unfinished,
  unfinishedStacks,
} from "../upload/unfinished.ts";

/** An entry with an unfinished upload from this machine, or from a machine with the same backend. It has settings and no record. */
export interface IncompleteEntry {
  readonly stack: StackName;
  readonly settings: EntrySettings;
  readonly unfinished: Unfinished;
  /** Whether another process works on it. */
  readonly uploading: boolean;
}

/**
 * The incomplete entries of the environment, the newest first.
 * @param onUnreadable called for a settings file that cannot be read; the other entries are listed
 */
export async function listIncomplete(
  context: Pick<Context, "environmentName" | "stateObjects" | "stateUrl" | "tables">,
  onUnreadable: (error: InputError) => void,
): Promise<IncompleteEntry[]> {
  await importShared(context);
  return (await listBegun(context, onUnreadable)).filter(
    ({ isWhole, unfinished }) => !isWhole || unfinished.deleting,
  );
}

/**
 * The incomplete entry in `stack`; undefined if its upload has ended, or none began here. Removes the journal of an upload that was
 * killed after its end.
 */
export async function readIncomplete(
  context: Pick<Context, "environmentName" | "stateObjects" | "stateUrl" | "tables">,
  stack: StackName,
): Promise<IncompleteEntry | undefined> {
  await importShared(context);
  const begun = await readBegun(context, stack);
  if (begun?.isWhole !== true) return begun;
  // After a refused deletion the entry has its record and stays listed as `deleting`.
  if (begun.unfinished.deleting !== true) await endUpload(stack);
  return undefined;
}

/** An upload that began on this machine and has not reported its end. */
interface BegunEntry extends IncompleteEntry {
  /** Whether it has its record. Then the command was killed before it printed the ID, or could not print it. */
  readonly isWhole: boolean;
  readonly record: StagingRecord | undefined;
}

/** An interrupted upload that the same command resumes. */
export interface SameUpload extends BegunEntry {
  /** The record of a complete upload with the same options, whose ID was not printed. */
  readonly untold: StagingRecord | undefined;
}

/** The uploads that began on this machine and have not reported their end, the newest first. */
async function listBegun(
  context: Pick<Context, "environmentName" | "stateObjects" | "stateUrl" | "tables">,
  onUnreadable: (error: InputError) => void,
): Promise<BegunEntry[]> {
  const stacks = await unfinishedStacks(context.environmentName);
  const found = await Promise.all(
    stacks.map((stack) =>
      readBegun(context, stack).catch((error: unknown) => {
        if (!(error instanceof InputError)) throw error;
        onUnreadable(error);
        return undefined;
      }),
    ),
  );
  return found
    .filter((entry) => entry !== undefined)
    .sort((a, b) => b.unfinished.startedAt.localeCompare(a.unfinished.startedAt));
}

async function readBegun(
  context: Pick<Context, "stateObjects" | "stateUrl" | "tables">,
  stack: StackName,
): Promise<BegunEntry | undefined> {
  const unfinished = await readUnfinished(stack);
  if (unfinished === undefined) return undefined;
  const settings = await readEntrySettings(stack);
  // The command was killed before it created anything.
  if (settings === undefined) return undefined;
  const record = await findRecord(await context.tables(), settings.spec.id);
  return {
    ...{ stack, settings, unfinished },
    uploading: await isBeingUploaded(unfinished, stack, context),
    isWhole: record !== undefined,
    record,
  };
}

/**
 * The interrupted upload that a repeated command resumes: of the same source to the same regions, with the same options, and without
 * another process that works on it. The readers and the options of sending are those of the repeated command: AWS may have refused a
 * reader after the upload, and a longer timeout may be the reason for the repetition.
 *
 * A complete upload whose ID was not printed counts too, if the source has not changed.
 */
export async function findSameUpload(
  context: Pick<Context, "environmentName" | "stateObjects" | "stateUrl" | "tables">,
  spec: EntrySpec,
  source: MeasuredSource,
): Promise<SameUpload | undefined> {
  // Usually there is none, and nothing else need be loaded.
  if ((await unfinishedStacks(context.environmentName)).length === 0) return undefined;
  const wanted = identityOf(spec);
  // Unreadable settings match no upload; `list --incomplete` reports them.
  const all = await listBegun(context, () => {});
  const same = all.find(
    ({ settings, uploading, unfinished }) =>
      !uploading &&
      !unfinished.deleting &&
      !unfinished.damaged &&
      !unfinished.imported &&
      identityOf(settings.spec) === wanted,
  );
  if (same === undefined) return undefined;
  if (same.isWhole && changeOf(same.unfinished, source) !== undefined) {
    await endUpload(same.stack);
    return undefined;
  }
  const { allowAccounts } = spec;
  const resumed: EntrySpec = {
    ...splitSpec(same.settings.spec).chosen,
    ...splitSpec(spec).sending,
    allowAccounts,
  };
  const { record } = same;
  const isShared = record !== undefined && sameSet(record.allowAccounts, allowAccounts);
  return {
    ...same,
    settings: { ...same.settings, spec: resumed },
    untold: isShared ? record : undefined,
  };
}

/** The options that the user chose for an entry, without its readers and the options of sending, as one text. */
function identityOf(spec: EntrySpec): string {
  const chosen = Object.entries({
    ...splitSpec(spec).chosen,
    ...{ id: undefined, declaredAs: undefined, allowAccounts: undefined },
  });
  return JSON.stringify(chosen.filter(([, value]) => value !== undefined).sort());
}

/** Whether two lists have the same items, in any order. */
const sameSet = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((one) => others.includes(one));
