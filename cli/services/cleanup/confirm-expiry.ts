import { headObject } from "../../../provider/store/stored-object.ts";
import { readTags } from "../../../provider/store/tagging.ts";
import { TTL_TAG } from "../../../staging/classes.ts";
import { entryStackName, parseSweepId } from "../../../staging/entry.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { manifestKey } from "../../../staging/manifest.ts";
import { USAGE_ROW } from "../../../staging/resources/tokens.ts";
import { expiresAt, isoSeconds, MS_PER_DAY, parseIsoTime, parseTtlDays } from "../../../staging/ttl.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import type { EngineSettings } from "../../engine/process.ts";
import { readStateOrBackup, type StateResource } from "../../engine/state.ts";
import { undefinedIfInvalid } from "../common/invalid.ts";
import { bucketsOfEntry } from "../entry/remains/buckets.ts";
import { reasonOf } from "./entries.ts";
import type { CleanupQuestion } from "./plan.ts";

/*
 * A cleanup finds entries by the tables, which more programs can change than the stacks' state and the buckets. So before it removes
 * an entry, it compares the tables with the state or, for an entry without a stack, with the buckets.
 */

/** The end of an entry in the stack's state. */
interface ExpiryInState {
  readonly expiresAt: Date;
  readonly sweepId: string | undefined;
}

/** @returns undefined for a state without the entry's usage row: its deletion has begun, or its upload never completed */
export function expiryInState(resources: readonly StateResource[], id: StagingId): ExpiryInState | undefined {
  const row = resources.find(({ type, inputs }) => type === USAGE_ROW && inputs?.["stagingId"] === id);
  const { uploadedAt, ttlDays, sweepId } = row?.inputs ?? {};
  if (typeof uploadedAt !== "string" || typeof ttlDays !== "number") return undefined;
  return undefinedIfInvalid(() => ({
    expiresAt: expiresAt(parseIsoTime(uploadedAt), parseTtlDays(ttlDays)),
    sweepId: typeof sweepId === "string" ? parseSweepId(sweepId) : undefined,
  }));
}

/** @throws UserError unless the state of the entry's stack also selects the entry for removal */
export async function confirmByState(
  { environmentName: environment }: Pick<Context, "environmentName">,
  project: EngineSettings,
  id: StagingId,
  question: CleanupQuestion,
  now: Date,
): Promise<void> {
  const stack = entryStackName(environment, id);
  const { resources } = await readStateOrBackup(project, stack);
  const end = expiryInState(resources, id);
  if (end === undefined || reasonOf(end, end.expiresAt, question, now) !== undefined) return;
  const says = question.expired
    ? `it expires at ${isoSeconds(end.expiresAt)}`
    : `it belongs to ${end.sweepId === undefined ? "no sweep" : `the sweep ${end.sweepId}`}`;
  throw disagrees(environment, id, `The state of its stack ${stack} says that ${says}`);
}

/** The data of an entry are older than its manifest by at most the duration of the upload. */
const LONGEST_UPLOAD_MS = MS_PER_DAY;

/** @throws UserError while a bucket keeps the manifest of an entry, which carries the entry's TTL class */
export async function confirmByBuckets(
  context: Pick<Context, "environmentName" | "settings" | "store">,
  id: StagingId,
  now: Date,
): Promise<void> {
  const { signal } = new AbortController();
  for (const { region, bucket } of await bucketsOfEntry(context, id)) {
    const place = { store: await context.store(region), bucket, key: manifestKey(id) };
    const manifest = await headObject(place, signal);
    if (manifest === undefined) continue;
    const days = Number((await readTags(place, signal))[TTL_TAG] ?? 0);
    const end = new Date(manifest.lastModified.getTime() + days * MS_PER_DAY);
    if (Number.isNaN(end.getTime()) || end.getTime() - LONGEST_UPLOAD_MS <= now.getTime()) continue;
    throw disagrees(
      context.environmentName,
      id,
      `The bucket ${bucket} keeps its data until ${isoSeconds(end)}`,
    );
  }
}

const disagrees = (environment: string, id: StagingId, why: string): UserError =>
  new UserError(`${id} is not removed: its record or its usage row was changed by hand`, {
    why: `${why}, and the tables say otherwise.`,
    fix: `To see the entry: ${commandLine(`spawn stage info ${id}`, environment)}. To delete it anyway: ${commandLine(`spawn stage delete ${id} --yes`, environment)}`,
  });
