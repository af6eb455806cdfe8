import type {
  Expected,
  RegionCopy,
  RegionPresence,
  RegionState,
} from "../../../provider/transfer/verify/region.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import type { Region } from "../../../staging/regions.ts";
import { isoSeconds } from "../../../staging/ttl.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { statusOf } from "./metadata.ts";
import { bucketsOfRecord } from "./records.ts";

export type { RegionPresence, RegionState };

/**
 * Compares each region of an entry with its record, without reading the data: see
 * `provider/transfer/verify/verify.ts`.
 * @returns one result for each region, in the record's order; an unreachable region is a result, not an error
 */
export async function regionPresence(
  context: Pick<Context, "anyBucketsS3" | "store">,
  record: StagingRecord,
  signal: AbortSignal = new AbortController().signal,
): Promise<RegionPresence[]> {
  const [{ checkPresence }, { sdkStore }] = await Promise.all([
    import("../../../provider/transfer/verify/verify.ts"),
    import("../../../provider/store/client.ts"),
  ]);
  const store = async (region: Region) => {
    try {
      return await context.store(region);
    } catch (error) {
      if (error instanceof UserError) throw error;
      // The region does not respond. The comparison reports that, and compares the other regions.
      return sdkStore(await context.anyBucketsS3(region), region);
    }
  };
  return checkPresence(expectedOf(record), await copiesOf(record, store), signal);
}

/**
 * Compares every byte of every region of an entry with its record: see `provider/transfer/verify/verify.ts`.
 * @returns one result for each region, in the record's order
 */
export async function verifyRegions(
  context: Pick<Context, "store">,
  record: StagingRecord,
  { signal = new AbortController().signal, onProgress }: Pick<UpdateOptions, "signal" | "onProgress">,
): Promise<RegionPresence[]> {
  const [{ verifyPresence }, { ProgressReporter }] = await Promise.all([
    import("../../../provider/transfer/verify/verify.ts"),
    import("../../../provider/flow/progress.ts"),
  ]);
  const reporters = new Map(
    record.regions.map((region) => {
      const totals = { region, total: record.sizeBytes, objectsTotal: record.fileCount };
      return [
        region as string,
        new ProgressReporter({ phase: "verify", ...totals }, (_text, progress) =>
          onProgress?.(progress, region),
        ),
      ];
    }),
  );
  const found = await verifyPresence(
    expectedOf(record),
    await copiesOf(record, (region) => context.store(region)),
    {
      signal,
      onBytes: (region, bytes) => reporters.get(region)?.add(bytes),
      onObject: (region) => reporters.get(region)?.objectDone(),
    },
  );
  for (const reporter of reporters.values()) reporter.finish();
  return found;
}

/** Why a copy in one of the regions is not the staged data; undefined if all of them are. */
export async function damageIn(
  context: Pick<Context, "anyBucketsS3" | "store">,
  record: StagingRecord,
  regions: readonly Region[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  const found = await regionPresence(context, record, signal);
  const bad = found.find(({ region, state }) => state !== "whole" && regions.some((one) => one === region));
  return bad && `in ${bad.region} its data are ${bad.state}${bad.why === undefined ? "" : ` (${bad.why})`}`;
}

/** Whether every region holds the staged data. */
export const isWhole = (regions: readonly RegionPresence[]): boolean =>
  regions.every(({ state }) => state === "whole");

/** The data that each region of an entry must hold. */
export const expectedOf = (record: StagingRecord): Expected => ({
  ...record,
  uploadedAt: isoSeconds(record.uploadedAt),
});

/** The copies of an entry, the primary region first. */
export function copiesOf(
  record: StagingRecord,
  store: (region: Region) => Promise<RegionCopy["store"]>,
): Promise<RegionCopy[]> {
  return Promise.all(
    bucketsOfRecord(record).map(async (place) => ({ ...place, store: await store(place.region) })),
  );
}

/** A region's state in JSON output. Keys are never renamed or removed. */
export interface RegionPresenceJson {
  readonly state: RegionState;
  /** `null` for a region that is whole. */
  readonly why: string | null;
}

export const presenceJson = (regions: readonly RegionPresence[]): Record<string, RegionPresenceJson> =>
  Object.fromEntries(regions.map(({ region, state, why }) => [region, { state, why: why ?? null }]));

/** The words for a state. They are its name, but for `unreachable`. */
export const describeState = (state: RegionState): string =>
  state === "unreachable" ? "not reachable" : state;

/** `missing in us-west-2, not reachable in eu-west-1`; empty if every region is whole. */
function describeDamage(regions: readonly RegionPresence[]): string {
  return regions
    .filter(({ state }) => state !== "whole")
    .map(({ region, state }) => `${describeState(state)} in ${region}`)
    .join(", ");
}

/**
 * The error of {@link damageError}, but an entry that has expired at `now` may be missing.
 * @returns undefined if nothing is wrong
 */
export function findDamage(
  record: StagingRecord,
  presence: readonly RegionPresence[],
  now: Date,
  environment: string,
): UserError | undefined {
  const isExpired = statusOf(record, now) === "expired";
  const found = isExpired ? presence.filter(({ state }) => state !== "missing") : presence;
  return damageError(record, found, environment);
}

/**
 * The error for an entry that is not whole in every region, with the command that repairs it.
 * @param presence of all regions: one whole copy can repair the others
 * @param required the regions that must be whole. @default all
 * @returns undefined if they are whole
 */
export function damageError(
  { stagingId: id }: Pick<StagingRecord, "stagingId">,
  presence: readonly RegionPresence[],
  environment: string,
  required?: readonly string[],
): UserError | undefined {
  const regions = presence.filter(({ region }) => required?.includes(region) ?? true);
  if (isWhole(regions)) return undefined;
  const why = regions
    .flatMap(({ region, why }) => (why === undefined ? [] : [`${region}: ${why}.`]))
    .join(" ");
  return new UserError(`the data of ${id} are ${describeDamage(regions)}`, {
    why,
    fix: remedyFor(id, presence, environment),
  });
}

function remedyFor(id: string, regions: readonly RegionPresence[], environment: string): string {
  const has = (state: RegionState): boolean => regions.some((one) => one.state === state);
  if (!has("missing") && !has("different")) {
    return "Check the network and what the credentials may read, then run the command again.";
  }
  if (has("whole")) return commandLine(`spawn stage repair ${id}`, environment);
  if (has("unreachable")) {
    return "Run the command again when every region can be reached: one of them may hold the data.";
  }
  const remove = commandLine(`spawn stage delete ${id} --yes`, environment);
  return `No region holds the data any more. ${remove}, then stage them again`;
}
