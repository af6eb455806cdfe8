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
import { statusOf } from "./metadata.ts";

export type { RegionPresence, RegionState };

/**
 * Compares each region of an entry with its record, without reading the data: see
 * `provider/transfer/verify/check.ts`.
 * @returns one result for each region, in the record's order; a region that cannot be asked is a result, not an error
 */
export async function regionPresence(
  context: Pick<Context, "s3" | "anyBucketsS3">,
  record: StagingRecord,
  signal: AbortSignal = new AbortController().signal,
): Promise<RegionPresence[]> {
  const { checkPresence } = await import("../../../provider/transfer/verify/check.ts");
  const client = async (region: Region) => {
    try {
      return await context.s3(region);
    } catch (error) {
      if (error instanceof UserError) throw error;
      // The region does not answer. The look itself says so, and the other regions are looked at.
      return await context.anyBucketsS3(region);
    }
  };
  return checkPresence(expectedOf(record), await copiesOf(record, client), signal);
}

/** Whether every region holds what was staged. */
export const isWhole = (regions: readonly RegionPresence[]): boolean =>
  regions.every(({ state }) => state === "whole");

/** What each region of an entry must hold. */
export const expectedOf = (record: StagingRecord): Expected => ({
  ...record,
  uploadedAt: isoSeconds(record.uploadedAt),
});

/** Where the copies of an entry are, the primary region first. */
export function copiesOf(
  { regions, buckets }: StagingRecord,
  client: (region: Region) => Promise<RegionCopy["client"]>,
): Promise<RegionCopy[]> {
  return Promise.all(
    regions.map(async (region, at) => ({
      region,
      bucket: buckets[at] ?? "",
      client: await client(region),
    })),
  );
}

/** A region's state for programs. Keys are never renamed or removed. */
export interface RegionPresenceJson {
  readonly state: RegionState;
  /** `null` for a region that is whole. */
  readonly why: string | null;
}

export const presenceJson = (regions: readonly RegionPresence[]): Record<string, RegionPresenceJson> =>
  Object.fromEntries(regions.map(({ region, state, why }) => [region, { state, why: why ?? null }]));

/** The words for a state; those of `unreachable` are the only ones that are not its name. */
export const stateInWords = (state: RegionState): string =>
  state === "unreachable" ? "not reachable" : state;

/** `missing in us-west-2, not reachable in eu-west-1`; empty where every region is whole. */
export function describeDamage(regions: readonly RegionPresence[]): string {
  return regions
    .filter(({ state }) => state !== "whole")
    .map(({ region, state }) => `${stateInWords(state)} in ${region}`)
    .join(", ");
}

/**
 * The error for an entry as it is judged at `now`: that of {@link damageError}, but an expired entry may be missing.
 * @returns undefined where nothing is wrong
 */
export function judgePresence(
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
 * @returns undefined where nothing is wrong
 */
export function damageError(
  { stagingId: id }: Pick<StagingRecord, "stagingId">,
  regions: readonly RegionPresence[],
  environment: string,
): UserError | undefined {
  if (isWhole(regions)) return undefined;
  const why = regions
    .flatMap(({ region, why }) => (why === undefined ? [] : [`${region}: ${why}.`]))
    .join(" ");
  return new UserError(`the data of ${id} are ${describeDamage(regions)}`, {
    why,
    fix: remedyFor(id, regions, environment),
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
