import type { EnvironmentConfig } from "../../../stacks/environment-config.ts";
import { type EntrySpec, withIdsOf } from "../../../staging/entry.ts";
import type { EnvironmentSettings } from "../../../staging/environment.ts";
import { refuseForeignBucket, refuseOtherAccount } from "../../../staging/ownership/account.ts";
import { type Missing, missingOf } from "../../../staging/ownership/missing.ts";
import type { Held } from "../../../staging/ownership/names.ts";
import { REPLICATION, STAGED_DATA } from "../../../staging/resources.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import type { Context } from "../../context.ts";
import { createStack } from "../../engine/new-stack.ts";
import { type EngineSession, openSession, type SessionSource } from "../../engine/session.ts";
import { readState, type StateResource } from "../../engine/state.ts";
import { isProtectedByProgram } from "./deletion-protection.ts";
import { type ExpiredEntry, expiredEntries } from "./expired-declared.ts";
import { heldOf, propertiesOf } from "./held.ts";
import { surveyOf, wholeEnvironment } from "./ownership.ts";

/** Data that an update of the environment's stack would delete. */
export interface DoomedData {
  readonly stagingId: string;
  /** Regions whose copy goes: all of them for an entry that is declared no more. */
  readonly regions: readonly string[];
  readonly filename?: string;
  readonly sizeBytes?: number;
}

/** What an update of the environment's stack starts from. */
export interface EnvironmentPlan {
  readonly session: EngineSession;
  readonly config: EnvironmentConfig;
  /** Names that the state holds and AWS has. */
  readonly held: Held;
  /** What the state has and AWS has not. */
  readonly lost: readonly Missing[];
  readonly doomed: readonly DoomedData[];
  /** Entries of the file that an update leaves without data. */
  readonly expired: readonly ExpiredEntry[];
  /** Buckets of the state that the settings name no more, and that the program has protected. */
  readonly left: readonly StateResource[];
}

/**
 * Reads the state and looks at AWS, without the engine. Changes nothing but for making an empty stack where there is none.
 * @throws InputError when the environment, or one of its buckets, is in another account
 */
export async function planEnvironment(
  context: SessionSource & Pick<Context, "account" | "anyBucketsS3" | "dynamo" | "environment" | "iam">,
): Promise<EnvironmentPlan> {
  const [session, declared] = await Promise.all([openSession(context), context.environment()]);
  const { environmentProject, settings } = session;
  const [{ resources }, facts] = await Promise.all([
    createStack(environmentProject, settings.name).then(() => readState(environmentProject, settings.name)),
    surveyOf(context, wholeEnvironment(settings)),
  ]);
  const there = resources.filter((resource) => resource.delete !== true);
  const all = heldOf(there);
  refuseOtherAccount(settings, facts.account, all);
  // Before the engine refreshes: what somebody else's bucket holds is nothing to learn from.
  for (const bucket of facts.buckets) refuseForeignBucket(settings, bucket, facts.account);
  const lost = lostOf(there, missingOf(facts));
  const held = without(all, lost);
  const config = { ...declared, entries: withIdsOf(declared.entries, new Set(held.stagingIds)) };
  return {
    session,
    config,
    held,
    lost,
    doomed: doomedData(there, config.entries),
    expired: expiredEntries(there, config.entries, serverClock.now()),
    left: there.filter(
      (resource) => isProtectedByProgram(settings.cloud, resource) && isLeft(settings, resource),
    ),
  };
}

function isLeft({ buckets }: EnvironmentSettings, { inputs = {} }: StateResource): boolean {
  const { bucket } = inputs;
  return typeof bucket === "string" && ![...buckets.values()].includes(bucket);
}

/**
 * The missing resources that the state has: by name and region. A table of the same name in another region is a different table, and
 * settings that name it must not make the engine forget the existing one.
 */
export const lostOf = (resources: readonly StateResource[], missing: readonly Missing[]): Missing[] =>
  missing.filter(({ name, region }) => resources.some((resource) => isOf(resource, name, region)));

/** Whether the resource is the one of that name and region, or a setting of it. */
function isOf(resource: StateResource, name: string, region: string | undefined): boolean {
  const properties = propertiesOf(resource);
  if (!Object.values(properties).includes(name)) return false;
  return region === undefined || properties["region"] === region;
}

/** A table that AWS has no more cannot be moved, and may be made elsewhere. */
const without = (held: Held, lost: readonly Missing[]): Held => {
  const isLost = (what: Missing["what"], name: string, region?: string) =>
    lost.some((one) => one.what === what && one.name === name && one.region === region);
  return {
    ...held,
    tables: held.tables.filter(({ name, region }) => !isLost("table", name, region)),
    buckets: held.buckets.filter(({ name, region }) => !isLost("bucket", name, region)),
    role: held.role !== undefined && isLost("role", held.role) ? undefined : held.role,
  };
};

/** Staged data of the stack that its configuration declares no more: entries, and replicas of entries that stay. */
export function doomedData(
  resources: readonly StateResource[],
  entries: readonly Pick<EntrySpec, "id" | "regions">[],
): DoomedData[] {
  const declared = new Map<string, readonly string[]>(entries.map(({ id, regions }) => [id, regions]));
  const doomed = new Map<string, DoomedData>();
  for (const { type, inputs = {}, outputs = {} } of resources) {
    const { stagingId, region } = inputs;
    if (type !== STAGED_DATA && type !== REPLICATION) continue;
    if (typeof stagingId !== "string" || typeof region !== "string") continue;
    if (declared.get(stagingId)?.includes(region)) continue;
    const { filename, sizeBytes } = outputs;
    const known = doomed.get(stagingId);
    doomed.set(stagingId, {
      ...known,
      stagingId,
      regions: [...(known?.regions ?? []), region],
      ...(typeof filename === "string" ? { filename } : {}),
      ...(typeof sizeBytes === "number" ? { sizeBytes } : {}),
    });
  }
  return [...doomed.values()];
}
