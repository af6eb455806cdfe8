import { errorName } from "../../../connection/errors/failure.ts";
import { storageCost } from "../../../staging/cost.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { entryPrefix } from "../../../staging/manifest.ts";
import { addMoney, type MicroDollars, ZERO } from "../../../staging/money.ts";
import type { PriceBook } from "../../../staging/price-book.ts";
import type { Region } from "../../../staging/regions.ts";
import { MS_PER_DAY } from "../../../staging/ttl.ts";
import type { Context } from "../../context.ts";
import { type Bucket, idsWithObjects, objectsOf, openUploads, partsOf } from "../cleanup/places.ts";
import { withOrderedProblems } from "../common/ordered-problems.ts";

/** Data of one id in the buckets that the ledger does not count. */
export interface UnfinishedEntry {
  readonly stagingId: StagingId;
  readonly regions: readonly string[];
  /** In whole objects and in parts; S3 charges for both. */
  readonly bytes: number;
  /** Multipart uploads that are neither completed nor aborted. */
  readonly openUploads: number;
  readonly perDay: MicroDollars;
}

/** Current charges of S3 that are not in the ledger: unfinished uploads, and leftovers of deletions. */
export interface UnfinishedCost {
  readonly bytes: number;
  readonly perDay: MicroDollars;
  /** The largest first. */
  readonly entries: readonly UnfinishedEntry[];
}

interface UnfinishedQuestion {
  /** Only of this entry. */
  readonly stagingId?: StagingId | undefined;
  /** Whether the ledger counts the whole objects of an id. */
  readonly isCounted: (id: StagingId) => boolean;
  readonly prices: PriceBook;
}

/**
 * Searches the environment's buckets for data that no row of the ledger counts.
 * @param onProblem called with a bucket that cannot be listed; the others are still listed
 * @throws InputError when the price book lacks a region
 */
export async function unfinishedCost(
  context: Pick<Context, "settings" | "store">,
  { stagingId, isCounted, prices }: UnfinishedQuestion,
  onProblem: (error: Error) => void,
): Promise<UnfinishedCost> {
  const found = new Map<StagingId, Map<string, { bytes: number; uploads: number }>>();
  const add = (id: StagingId, region: string, bytes: number, uploads: number): void => {
    const places = found.get(id) ?? new Map<string, { bytes: number; uploads: number }>();
    const place = places.get(region) ?? { bytes: 0, uploads: 0 };
    places.set(region, { bytes: place.bytes + bytes, uploads: place.uploads + uploads });
    found.set(id, places);
  };
  const { buckets } = await context.settings();
  await withOrderedProblems(buckets, onProblem, async ([region, name], problem) => {
    const bucket: Bucket = { store: await context.store(region), region, name, isOwn: true };
    try {
      await lookInto(bucket, stagingId, isCounted, add);
    } catch (error) {
      if (errorName(error) !== "NoSuchBucket") problem(cannotList(error, region, name));
    }
  });
  const entries = [...found].map(([id, places]): UnfinishedEntry => {
    const costs = [...places].map(([region, { bytes }]) => storageCost(bytes, [region], MS_PER_DAY, prices));
    return {
      stagingId: id,
      regions: [...places.keys()].sort(),
      bytes: [...places.values()].reduce((sum, { bytes }) => sum + bytes, 0),
      openUploads: [...places.values()].reduce((sum, { uploads }) => sum + uploads, 0),
      perDay: addMoney(ZERO, ...costs),
    };
  });
  return {
    bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
    perDay: addMoney(ZERO, ...entries.map(({ perDay }) => perDay)),
    entries: entries.sort((a, b) => b.bytes - a.bytes || (a.stagingId < b.stagingId ? -1 : 1)),
  };
}

async function lookInto(
  bucket: Bucket,
  only: StagingId | undefined,
  isCounted: (id: StagingId) => boolean,
  add: (id: StagingId, region: string, bytes: number, uploads: number) => void,
): Promise<void> {
  for await (const upload of openUploads(bucket, only === undefined ? undefined : entryPrefix(only))) {
    const { bytes } = await partsOf(bucket, upload);
    add(upload.id, bucket.region, bytes, 1);
  }
  const ids = only === undefined ? idsWithObjects(bucket) : [only];
  for await (const id of ids) {
    if (isCounted(id)) continue;
    const { count, bytes } = await objectsOf(bucket, id);
    if (count > 0) add(id, bucket.region, bytes, 0);
  }
}

const cannotList = (error: unknown, region: Region, bucket: string): Error =>
  new Error(
    `the unfinished uploads in ${bucket} (${region}) are not counted: ${error instanceof Error ? error.message : String(error)}`,
    { cause: error },
  );
