import { readTextIfThere } from "../../../../files/read.ts";
import { spawnPaths } from "../../../../local/paths.ts";
import { type EntrySettings, parseEntrySettingsFile } from "../../../../stacks/entry-settings.ts";
import { type EntrySpec, splitSpec } from "../../../../staging/entry.ts";
import { InputError } from "../../../../staging/errors.ts";
import type { StagingRecord } from "../../../../staging/record.ts";
import type { StackName } from "../../../../staging/stack-name.ts";
import type { Context } from "../../../context.ts";
import { settingsFile } from "../../../engine/entry-project.ts";
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

/** An entry with an unfinished upload from this machine, or from one that shares the backend: it has settings and no record. */
export interface IncompleteEntry {
  readonly stack: StackName;
  readonly settings: EntrySettings;
  readonly unfinished: Unfinished;
  /** Whether another process is at work on it right now. */
  readonly uploading: boolean;
}

/**
 * The incomplete entries of the environment, the newest first.
 * @param onUnreadable told of one whose settings file cannot be read; the others are listed all the same
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
 * The incomplete entry in `stack`; undefined where its upload has ended, or none was begun here. One that was killed after its
 * end, before it could forget, is forgotten: whoever names it knows of it.
 */
export async function readIncomplete(
  context: Pick<Context, "environmentName" | "stateObjects" | "stateUrl" | "tables">,
  stack: StackName,
): Promise<IncompleteEntry | undefined> {
  await importShared(context);
  const begun = await readBegun(context, stack);
  if (begun?.isWhole !== true) return begun;
  // After a refused deletion, the entry has its record, and stays listed as `deleting`.
  if (begun.unfinished.deleting !== true) await endUpload(stack);
  return undefined;
}

/** Uploads that began on this machine and have not reported their end. */
export interface BegunEntry extends IncompleteEntry {
  /** Whether it has its record: the command was killed before it wrote the id, or could not write its output. */
  readonly isWhole: boolean;
  readonly record: StagingRecord | undefined;
}

/** An interrupted upload that the same command resumes. */
export interface SameUpload extends BegunEntry {
  /** The record of a complete upload with the same options; the command only has to write its id. */
  readonly untold: StagingRecord | undefined;
}

/** What was begun on this machine, and never told its end, the newest first. */
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
  const file = settingsFile(spawnPaths().stacks, stack);
  const text = await readTextIfThere(file);
  // It was killed before it had made anything.
  if (text === undefined) return undefined;
  const settings = parseEntrySettingsFile(text, file);
  const record = await findRecord(await context.tables(), settings.spec.id);
  return {
    ...{ stack, settings, unfinished },
    uploading: await isBeingUploaded(unfinished, stack, context),
    isWhole: record !== undefined,
    record,
  };
}

/**
 * The interrupted upload that another run of the same upload goes on with: of the same source to the same regions, with
 * the same options. One that another process is at work on is none of them: that upload is wanted twice. It is shared with
 * the accounts that are named now, since AWS refuses one that does not exist when the data are there already, and sent as is
 * wanted now, since what timed out is to be given more time.
 *
 * An upload that ended before it wrote its id is one of them, if the source has not changed: it is complete, and the command
 * only has to write its id.
 */
export async function findSameUpload(
  context: Pick<Context, "environmentName" | "stateObjects" | "stateUrl" | "tables">,
  spec: EntrySpec,
  source: MeasuredSource,
): Promise<SameUpload | undefined> {
  // Most often there is none, and nothing else has to be loaded to know.
  if ((await unfinishedStacks(context.environmentName)).length === 0) return undefined;
  const wanted = identityOf(spec);
  // Nobody can tell what one was that cannot be read; `list --incomplete` tells of it.
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

/** All that a user chooses of an entry, but with whom it is shared and how it is sent, as one text. */
function identityOf(spec: EntrySpec): string {
  const chosen = Object.entries({
    ...splitSpec(spec).chosen,
    ...{ id: undefined, declaredAs: undefined, allowAccounts: undefined },
  });
  return JSON.stringify(chosen.filter(([, value]) => value !== undefined).sort());
}

/** Whether two lists hold the same, in whatever order. */
const sameSet = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((one) => others.includes(one));
