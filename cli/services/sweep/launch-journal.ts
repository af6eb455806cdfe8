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
import { isHere, machineName } from "../../engine/heartbeat.ts";
import { isRunningElsewhere, noteThisProcess } from "../../engine/running.ts";
import { journalsIn } from "../entry/upload/unfinished.ts";
import type { LaunchRequest } from "./launch.ts";
import { sha256Of } from "./sweep-spec.ts";

/**
 * What this machine remembers of a launch from its start until the user has its ID. The same launch again must not silently start a
 * second sweep.
 */
const JOURNAL = v.object({
  /** Identifies the request: see {@link fingerprintOf}. */
  fingerprint: v.string(),
  /** The process that launches, or launched, the sweep, and its machine: see `NotedProcess` and `machineName`. */
  pid: v.number(),
  started: v.exactOptional(v.string()),
  machine: v.string(),
});
export type LaunchJournal = Readonly<v.InferOutput<typeof JOURNAL>>;

const folder = (): string => join(spawnPaths().stacks, "launching");
const fileOf = (stack: StackName): string => join(folder(), `${stack}.json`);

/** The same for launches of the same sweep: of equal parameters, rows and options. */
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

/** Remembers a launch of this process that is about to start. */
export async function beginLaunch(stack: StackName, fingerprint: string): Promise<void> {
  const journal: LaunchJournal = { fingerprint, ...(await noteThisProcess()), machine: machineName() };
  await writeAtomically(fileOf(stack), JSON.stringify(journal));
}

/**
 * Takes a launch over, to resume it.
 * @throws UserError while another process of this machine is at work on it
 */
export async function takeOverLaunch(stack: StackName, id: SweepId): Promise<void> {
  const found = await journalOf(stack);
  await refuseWhileLaunching(found, id);
  await beginLaunch(stack, found?.fingerprint ?? UNKNOWN);
}

/** Of a launch whose journal is gone: no launch has it. */
const UNKNOWN = "unknown";

/** @throws UserError while another process of this machine launches the sweep: it would make again what is removed meanwhile */
export async function refuseOfLaunching(stack: StackName, id: SweepId): Promise<void> {
  await refuseWhileLaunching(await journalOf(stack), id);
}

async function refuseWhileLaunching(journal: LaunchJournal | undefined, id: SweepId): Promise<void> {
  if (journal === undefined || !(await isLaunching(journal))) return;
  throw new UserError(`process ${journal.pid} is launching ${id}`, {
    fix: "Wait for it to end, or interrupt it with Ctrl-C; then run the command again.",
  });
}

/** Forgets a launch: the user has its ID, or nothing of it is left. */
export const endLaunch = (stack: StackName): Promise<void> => rm(fileOf(stack), { force: true });

/**
 * A launch of the same sweep whose ID the user may not know.
 * @param except the launch that asks
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

/** Whether the process that launches it is still at work. On another machine, only that machine knows. */
export async function isLaunching(journal: LaunchJournal): Promise<boolean> {
  return isHere(journal) && (await isRunningElsewhere(journal));
}

async function journalOf(stack: StackName): Promise<LaunchJournal | undefined> {
  const text = await readTextIfThere(fileOf(stack));
  return text === undefined ? undefined : decodeJson(JOURNAL, text);
}
