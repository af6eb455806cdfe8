import { type Destination, parseDestination } from "../destination.ts";
import { InputError } from "../errors.ts";
import { parseStagingId, type StagingId } from "../ids.ts";
import { shown } from "../printable.ts";
import { parseRegion, type Region } from "../regions.ts";
import { parseCopyBucket } from "./copies.ts";

/** The locations of an account's data, by region. Each entry behind access points has its own, so a region can have several. */
export type StageBuckets = ReadonlyMap<Region, readonly string[]>;

/** The paths on workers for data of another account, whose records with the destination cannot be read. */
export type StageDestinations = ReadonlyMap<StagingId, Destination>;

/** `--stage-bucket`. @throws InputError if a text is not `REGION=BUCKET` */
export function parseStageBuckets(texts: readonly string[]): StageBuckets {
  const buckets = new Map<Region, string[]>();
  for (const text of texts) {
    const [name, bucket] = pair(text, "a region with a bucket", "--stage-bucket us-east-1=BUCKET");
    const region = parseRegion(name);
    buckets.set(region, [...(buckets.get(region) ?? []), parseCopyBucket(bucket)]);
  }
  return buckets;
}

/** `--stage-dest`. @throws InputError if a text is not `ID=PATH`, or an ID is incomplete or repeated */
export function parseStageDestinations(texts: readonly string[]): StageDestinations {
  const fix = "--stage-dest stage-abc123def456=/mnt/data/NAME";
  const destinations = new Map<StagingId, Destination>();
  for (const text of texts) {
    const [name, path] = pair(text, "a staging ID with a path", fix);
    const id = parseStagingId(name);
    if (destinations.has(id)) throw new InputError(`--stage-dest names ${id} twice`);
    destinations.set(id, parseDestination(path));
  }
  return destinations;
}

function pair(text: string, what: string, fix: string): readonly [string, string] {
  const [, name = "", value = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (value === "") throw new InputError(`${shown(text)} is not ${what}`, { fix });
  return [name, value];
}
