import {
  type Failures,
  failuresName,
  type Log,
  logName,
  PART_NAMES,
  type Saved,
} from "../../../dashboard/snapshot.ts";
import { parseRegion } from "../../../staging/regions.ts";
import { isSweepId, type SweepId } from "../../../staging/sweep/id.ts";
import { KIB } from "../../../staging/units.ts";
import type { Details } from "./details.ts";
import type { Polling } from "./polling.ts";

/** The newest sweeps with failed indices, whose logs a saved page contains. */
const MAX_SWEEPS = 20;
const LOG_BYTES = 8 * KIB;

interface SavedDeps {
  /** The server's time. */
  readonly now: () => Date;
  /** The message of an error for the user. */
  readonly explain: (error: unknown) => { readonly message: string };
}

/**
 * Reads every part once, and the failed indices of the newest sweeps with their logs.
 * @param onProblem called with each part, item or detail that cannot be read; the others are saved
 */
export async function readSaved(
  polling: Polling,
  details: Details,
  { now, explain }: SavedDeps,
  onProblem: (text: string) => void,
): Promise<Saved> {
  const parts = await polling.readOnce();
  for (const name of PART_NAMES) {
    const { error, problems } = parts[name];
    if (error !== null) onProblem(`the ${name} cannot be read: ${error.message}`);
    for (const { message } of problems) onProblem(message);
  }
  const failures: Record<string, Failures> = {};
  const logs: Record<string, Log> = {};
  const ids = (parts.sweeps.value?.sweeps ?? [])
    .filter(({ total }) => total.failed > 0)
    .map(({ id }) => id)
    .filter(isSweepId);
  for (const id of ids.slice(0, MAX_SWEEPS)) {
    try {
      const found = await details.failures(id);
      failures[failuresName(id)] = found;
      Object.assign(logs, await logsOf(id, found, details));
    } catch (error) {
      onProblem(`the failed indices of ${id} are not saved: ${explain(error).message}`);
    }
  }
  return { now: now().toISOString(), parts, failures, logs };
}

async function logsOf(id: SweepId, { failures }: Failures, details: Details): Promise<Record<string, Log>> {
  const logs: Record<string, Log> = {};
  for (const failure of failures) {
    const log = await details.log(id, { ...failure, region: parseRegion(failure.region) }, LOG_BYTES);
    if (log !== undefined) logs[logName(id, failure)] = log;
  }
  return logs;
}
