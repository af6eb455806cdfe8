import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { readTextIfThere } from "../../../files/read.ts";
import { spawnPaths } from "../../../local/paths.ts";
import { decodeJson } from "../../../staging/decode.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StackName } from "../../../staging/stack-name.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import { writeAtomically } from "../../engine/entry-project.ts";
import { isOnThisMachine, machineName } from "../../engine/heartbeat.ts";
import { describeThisProcess, isOtherProcessAlive } from "../../engine/running.ts";
import { journalsIn } from "../entry/upload/unfinished.ts";
import type { LaunchRequest } from "./launch.ts";
import { sha256Of } from "./settings.ts";

/** The journal of a launch on this machine, from its start until the user has the ID. It prevents a second sweep by the same command. */
const JOURNAL = v.object({
  /** Identifies the request: see {@link fingerprintOf}. */
  fingerprint: v.string(),
  /** The process that launches, or launched, the sweep, and its machine: see `ProcessRecord` and `machineName`. */
  pid: v.number(),
  started: v.exactOptional(v.string()),
  machine: v.string(),
});
export type LaunchJournal = Readonly<v.InferOutput<typeof JOURNAL>>;

const folder = (): string => join(spawnPaths().stacks, "launching");
const fileOf = (stack: StackName): string => join(folder(), `${stack}.json`);

/** Equal for launches with equal parameters, rows and options. */
export function fingerprintOf({
  parameters,
  stageAccount,
  stageBuckets,
  stageDestinations,
  iamActions,
  managedPolicies,
}: LaunchRequest): string {
  const { subnets, ...plain } = parameters;
  const staged = [stageAccount ?? null, [...stageBuckets], [...stageDestinations]];
  return sha256Of(JSON.stringify([plain, [...subnets], staged, iamActions, managedPolicies]));
}

/** Writes the journal of this process's launch, before it starts. */
export async function beginLaunch(stack: StackName, fingerprint: string): Promise<void> {
  const journal: LaunchJournal = { fingerprint, ...(await describeThisProcess()), machine: machineName() };
  await writeAtomically(fileOf(stack), JSON.stringify(journal));
}

/**
 * Takes a launch over, to resume it.
 * @throws UserError while another process of this machine is launching it
 */
export async function takeOverLaunch(stack: StackName, id: SweepId): Promise<void> {
  const found = await journalOf(stack);
  await refuseWhileLaunching(found, id);
  await beginLaunch(stack, found?.fingerprint ?? UNKNOWN);
}

/** The fingerprint of a launch whose journal is lost. It equals no other. */
const UNKNOWN = "unknown";

/** @throws UserError while another process of this machine launches the sweep: it would create deleted resources again */
export async function refuseOfLaunching(stack: StackName, id: SweepId): Promise<void> {
  await refuseWhileLaunching(await journalOf(stack), id);
}

async function refuseWhileLaunching(journal: LaunchJournal | undefined, id: SweepId): Promise<void> {
  if (journal === undefined || !(await isLaunching(journal))) return;
  throw new UserError(`process ${journal.pid} is launching ${id}`, {
    fix: "Wait for it to end, or interrupt it with Ctrl-C; then run the command again.",
  });
}

/** Deletes the journal of a launch: the user has the ID, or nothing of the launch is left. */
export const endLaunch = (stack: StackName): Promise<void> => rm(fileOf(stack), { force: true });

/**
 * An earlier launch of the same sweep whose ID the user may not know.
 * @param except the stack of the caller's own launch
 */
export async function findEarlier(
  environment: string,
  fingerprint: string,
  except?: StackName,
): Promise<{ readonly stack: StackName; readonly journal: LaunchJournal } | undefined> {
  for (const stack of await journalsIn(folder(), environment)) {
    if (stack === except) continue;
    const journal = await journalOf(stack);
    if (journal?.fingerprint === fingerprint) return { stack, journal };
  }
  return undefined;
}

/** Whether the launching process still runs. False for another machine, whose processes cannot be checked. */
export async function isLaunching(journal: LaunchJournal): Promise<boolean> {
  return isOnThisMachine(journal) && (await isOtherProcessAlive(journal));
}

async function journalOf(stack: StackName): Promise<LaunchJournal | undefined> {
  const text = await readTextIfThere(fileOf(stack));
  return text === undefined ? undefined : decodeJson(JOURNAL, text);
}
