import { accessPointName } from "./access-point.ts";
import { entryStackName } from "./entry.ts";
import type { EnvironmentSettings } from "./environment.ts";
import { entryPrefix, manifestKey } from "./manifest.ts";
import type { StagingRecord } from "./record.ts";
import type { Region } from "./regions.ts";
import { parseStackName } from "./stack-name.ts";

/**
 * The names of an entry follow from the environment's settings and its ID, never from its record: otherwise a writer
 * of the records table could choose which stack is destroyed, which bucket is emptied and which file is written. A
 * record repeats these names for its readers. A record with another name is corrupt.
 */

/** The settings that decide the names of an environment's entries. */
export type NamingSettings = Pick<EnvironmentSettings, "name" | "namePrefix" | "buckets">;

/** Other buckets that an entry may be in, by region. They come only from sources that the user controls. */
export type OtherBuckets = ReadonlyMap<string, ReadonlySet<string>>;

/** A name in a record that does not belong to the entry. */
interface Disagreement {
  /** The attribute of the record. */
  readonly attribute: "stack" | "key" | "manifest_key" | "access_points" | "buckets";
  /** The name in the record. */
  readonly recorded: string;
  /** The entry's name. */
  readonly expected: string;
}

/**
 * Compares the names in a record with those of its entry.
 * @param others more buckets that the entry may be in: settings can change while an entry exists
 * @returns the first mismatch, buckets last; undefined if the record is correct
 */
export function disagreementOf(
  record: StagingRecord,
  settings: NamingSettings,
  others: OtherBuckets = new Map(),
): Disagreement | undefined {
  const { stagingId: id, kind, filename, declaredAs, regions, buckets, accessPoints } = record;
  const key = `${entryPrefix(id)}${filename}`;
  const expected = [
    {
      attribute: "stack",
      recorded: record.stack,
      expected: declaredAs === undefined ? entryStackName(settings.name, id) : parseStackName(settings.name),
    },
    { attribute: "key", recorded: record.key, expected: kind === "file" ? key : `${key}/` },
    { attribute: "manifest_key", recorded: record.manifestKey, expected: manifestKey(id) },
  ] as const;
  const wrong = expected.find((one) => one.recorded !== one.expected);
  if (wrong !== undefined) return wrong;
  const name = accessPointName(settings.namePrefix, id);
  for (const [region, { arn }] of accessPoints) {
    const ending = new RegExp(`^arn:[^:]*:s3:${region}:\\d{12}:accesspoint/${name}$`);
    if (!(regions as readonly string[]).includes(region) || !ending.test(arn))
      return { attribute: "access_points", recorded: arn, expected: `access point ${name} in ${region}` };
  }
  if (buckets.length !== regions.length) {
    const expected = `one for each of ${regions.join(", ")}`;
    return { attribute: "buckets", recorded: buckets.join(", "), expected };
  }
  for (const [at, region] of regions.entries()) {
    const recorded = buckets[at] ?? "";
    if (!isBucketIn(region, recorded, settings, others))
      return { attribute: "buckets", recorded, expected: expectedBucket(region, settings) };
  }
  return undefined;
}

const isBucketIn = (
  region: Region,
  bucket: string,
  { buckets }: NamingSettings,
  others: OtherBuckets,
): boolean => buckets.get(region) === bucket || others.get(region)?.has(bucket) === true;

function expectedBucket(region: Region, { buckets, name }: NamingSettings): string {
  return buckets.get(region) ?? `no bucket in ${region} (environment ${name} has none there)`;
}
