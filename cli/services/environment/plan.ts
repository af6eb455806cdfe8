import type { EnvironmentConfig } from "../../../stacks/environment-file.ts";
import { expiryWarnings } from "../../../staging/declared-expiry.ts";
import {
  type CompareSource,
  type IdentifiedEntries,
  identifyEntries,
  type ReplacedEntry,
  type UncomparedEntry,
} from "../../../staging/declared-ids.ts";
import type { EntrySpec } from "../../../staging/entry.ts";
import { type EnvironmentSettings, settingsFileName } from "../../../staging/environment.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { once } from "../../../staging/once.ts";
import { refuseForeignBucket, refuseOtherAccount } from "../../../staging/ownership/account.ts";
import { type Missing, missingOf } from "../../../staging/ownership/missing.ts";
import type { Held } from "../../../staging/ownership/names.ts";
import { REPLICATION, STAGED_DATA } from "../../../staging/resources/tokens.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { createStack } from "../../engine/new-stack.ts";
import { type EngineSession, openSession, type SessionSource } from "../../engine/session.ts";
import { readState, type StateResource } from "../../engine/state.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { sourceClients } from "../entry/upload/source.ts";
import { isProtectedByProgram } from "./deletion-protection.ts";
import { heldOf, propertiesOf } from "./held.ts";
import { surveyOf, wholeEnvironment } from "./ownership.ts";

/** Data that an update of the environment's stack would delete. */
export interface DataToDelete {
  readonly stagingId: string;
  /** Regions whose copy is deleted: all of them if the entry is no longer declared. */
  readonly regions: readonly string[];
  readonly filename?: string;
  readonly sizeBytes?: number;
  /** The entry that replaces it, because the source of its item has changed. */
  readonly replacedBy?: string;
}

/** The plan of an update of the environment's stack. */
export interface EnvironmentPlan {
  readonly session: EngineSession;
  readonly config: EnvironmentConfig;
  /** Names that the state has and that exist in AWS. */
  readonly held: Held;
  /** Resources that the state has and that are missing in AWS. */
  readonly lost: readonly Missing[];
  readonly doomed: readonly DataToDelete[];
  readonly replaced: readonly ReplacedEntry[];
  readonly uncompared: readonly UncomparedEntry[];
  /** Warnings about declared entries that have expired, or expire in spite of `keep`. */
  readonly expiry: readonly string[];
  /** Buckets of the state that the settings no longer name, and that the program has protected. */
  readonly left: readonly StateResource[];
}

/**
 * Reads the state and surveys AWS, without the engine. Changes nothing, but creates an empty stack if there is none.
 * It compares the sources of declared entries with the staged data.
 * @throws InputError if the environment, or one of its buckets, is in another account, or if a source is not the one that its item pins
 */
export async function planEnvironment(
  context: SessionSource &
    Pick<Context, "account" | "anyBucketsS3" | "clientConfig" | "dynamo" | "environment" | "iam">,
  { signal = new AbortController().signal }: Pick<UpdateOptions, "signal"> = {},
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
  // Before the engine refreshes: the state must not take over facts from another account's bucket.
  for (const bucket of facts.buckets) refuseForeignBucket(settings, bucket, facts.account);
  const lost = lostOf(there, missingOf(facts));
  const held = without(all, lost);
  const { entries, replaced, uncompared } = await identify(context, declared, held, signal);
  const config = { ...declared, entries };
  return {
    session,
    config,
    held,
    lost,
    doomed: dataToDelete(there, entries).map((data) => withSuccessor(data, replaced)),
    ...{ replaced, uncompared },
    expiry: expiryWarnings(entries, held.ttls ?? [], serverClock.now(), settings.name),
    left: there.filter(
      (resource) => isProtectedByProgram(settings.cloud, resource) && isLeft(settings, resource),
    ),
  };
}

/** The declared entries with the IDs of the state; a changed source gets another ID. */
const identify = (
  context: Pick<Context, "clientConfig">,
  { settings, entries }: EnvironmentConfig,
  held: Held,
  signal: AbortSignal,
): Promise<IdentifiedEntries> =>
  identifyEntries(settings.name, entries, held.entries ?? [], comparison(context, signal), serverClock.now());

/** All comparisons share their threads and clients. */
function comparison(context: Pick<Context, "clientConfig">, signal: AbortSignal): CompareSource {
  // The transfer modules take long to load, and most environments declare no entry.
  const tools = once(async () => {
    const [{ compareSource }, { FileThreads }, clients] = await Promise.all([
      import("../../../provider/transfer/compare-source.ts"),
      import("../../../provider/transfer/source/file-threads.ts"),
      sourceClients(context),
    ]);
    return { compareSource, shared: { signal, clients, threads: new FileThreads() } };
  });
  return async ({ source, exclude, followLinks = false, requestPayer = false, sha256: pinned }, staged) => {
    const { compareSource, shared } = await tools();
    return await compareSource(source, staged, { ...shared, exclude, followLinks, requestPayer, pinned });
  };
}

function withSuccessor(data: DataToDelete, replaced: readonly ReplacedEntry[]): DataToDelete {
  const successor = replaced.find(({ replaces }) => replaces === data.stagingId);
  return successor === undefined ? data : { ...data, replacedBy: successor.stagingId };
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

/** Leaves the lost resources out: a lost table may be created in another region. */
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

/** Staged data of the stack that its configuration no longer declares: entries, and replicas of other entries. */
export function dataToDelete(
  resources: readonly StateResource[],
  entries: readonly Pick<EntrySpec, "id" | "regions">[],
): DataToDelete[] {
  const declared = new Map<string, readonly string[]>(entries.map(({ id, regions }) => [id, regions]));
  const doomed = new Map<string, DataToDelete>();
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

/**
 * The configuration with an adopted entry alone. It keeps its ID, although a changed source would give its item another one: the engine
 * deletes a target that the program does not declare.
 * @throws UserError if the item declares fewer regions than the entry has
 */
export function onlyAdopted(
  { settings, ...config }: EnvironmentConfig,
  resources: readonly StateResource[],
  id: StagingId,
): EnvironmentConfig {
  const own = config.entries.filter(({ adoptedId }) => adoptedId === id);
  const entries = own.map((entry) => ({ ...entry, id }));
  const left = dataToDelete(resources, entries).find(({ stagingId }) => stagingId === id);
  if (left === undefined) return { ...config, settings, entries };
  const { name } = settings;
  throw new UserError(`the record of ${id} was not updated`, {
    why: `${settingsFileName(name)} does not declare its data in ${left.regions.join(", ")}, so the update would delete them.`,
    fix: `Correct the item, or confirm the deletion: ${commandLine("spawn environment up", name)}`,
  });
}
