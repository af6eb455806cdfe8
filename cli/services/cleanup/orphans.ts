import { storageCost } from "../../../staging/cost.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { entryPrefix } from "../../../staging/manifest.ts";
import { addMoney } from "../../../staging/money.ts";
import { GUIDE_PRICES } from "../../../staging/price-book.ts";
import { MS_PER_DAY } from "../../../staging/ttl.ts";
import type { Context } from "../../context.ts";
import { withOrderedProblems } from "../common/ordered-problems.ts";
import { explained } from "../common/outcomes.ts";
import { findRecord } from "../entry/records.ts";
import { findBucketOwner } from "../environment/bucket-owner.ts";
import type { Owners } from "./owners.ts";
import {
  type Amount,
  type Bucket,
  idsWithObjects,
  type OpenUpload,
  objectsOf,
  openUploads,
  partsOf,
  sumOf,
} from "./places.ts";
import type { Orphan, OrphanPlace } from "./plan.ts";

/** Younger data may belong to an upload that is running on another machine. */
const QUIET_MS = MS_PER_DAY;

/**
 * Finds orphans in the environment's buckets: data without a record and a stack, and open uploads under whole entries. Excludes
 * everything that changed within a day, and entries with an unfinished upload.
 * @param onProblem called for a bucket that cannot be searched; the search of the others continues
 */
export async function findOrphans(
  context: Pick<
    Context,
    "account" | "anyBucketsS3" | "at" | "environmentName" | "settings" | "store" | "tables"
  >,
  owners: Owners,
  now: Date,
  onProblem: (error: UserError) => void,
): Promise<Orphan[]> {
  const buckets = await bucketsOf(context, onProblem);
  const wanted = new Map<StagingId, Orphan["kind"]>();
  for (const { id, hasObjects } of await candidatesIn(context, buckets, onProblem)) {
    const kind = kindOf(id, owners);
    if (kind === "data" || (kind === "uploads" && !hasObjects)) wanted.set(id, kind);
  }
  const orphans: Orphan[] = [];
  for (const [id, kind] of [...wanted].sort(([a], [b]) => a.localeCompare(b))) {
    const orphan = await findOrphan(context, id, kind, buckets, now, onProblem);
    if (orphan !== undefined) orphans.push(orphan);
  }
  return orphans;
}

/** The existing buckets of the environment. */
export async function bucketsOf(
  context: Pick<Context, "account" | "anyBucketsS3" | "at" | "environmentName" | "settings" | "store">,
  onProblem: (error: UserError) => void,
): Promise<Bucket[]> {
  const { buckets, adopted } = await context.settings();
  const found = await withOrderedProblems(buckets, onProblem, async ([region, name], problem) => {
    try {
      const owner = await findBucketOwner(context, region, name);
      if (owner === "none") return undefined;
      const isOwn = owner === "ours" && !adopted.has(region);
      return { store: await context.store(region), region, name, isOwn };
    } catch (error) {
      problem(notSearched(context, name, error));
      return undefined;
    }
  });
  return found.filter((bucket) => bucket !== undefined);
}

interface Candidate {
  readonly id: StagingId;
  readonly hasObjects: boolean;
}

async function candidatesIn(
  context: Pick<Context, "at">,
  buckets: readonly Bucket[],
  onProblem: (error: UserError) => void,
): Promise<Candidate[]> {
  const found = await withOrderedProblems(buckets, onProblem, async (bucket, problem) => {
    const candidates: Candidate[] = [];
    try {
      for await (const id of idsWithObjects(bucket)) candidates.push({ id, hasObjects: true });
      for await (const { id } of openUploads(bucket)) candidates.push({ id, hasObjects: false });
    } catch (error) {
      problem(notSearched(context, bucket.name, error));
    }
    return candidates;
  });
  return found.flat();
}

function notSearched(context: Pick<Context, "at">, bucket: string, cause: unknown): UserError {
  const { message, why } = explained(context, cause);
  return new UserError(`the bucket ${bucket} was not searched: ${message}`, { why, cause });
}

/** The kind of orphan that an ID may have; undefined if a process works, or may work, on the entry. */
function kindOf(id: StagingId, { records, stacks, others }: Owners): Orphan["kind"] | undefined {
  if (records.has(id)) return "uploads";
  return stacks.has(id) || others.has(id) ? undefined : "data";
}

/**
 * Searches the buckets for an orphan. A removal calls this again, because a prompt may have waited for a long time.
 * @returns undefined if it is gone, has an owner, changed within a day, or cannot be judged
 */
export async function findOrphan(
  context: Pick<Context, "at" | "tables">,
  id: StagingId,
  kind: Orphan["kind"],
  buckets: readonly Bucket[],
  now: Date,
  onProblem: (error: UserError) => void,
): Promise<Orphan | undefined> {
  try {
    // The index of all records may lag behind the table.
    const isRecorded = (await findRecord(await context.tables(), id)) !== undefined;
    if (isRecorded !== (kind === "uploads")) return undefined;
    const searched = await Promise.all(buckets.map((bucket) => searchBucket(bucket, id, kind)));
    const places = searched.map(({ place }) => place).filter((place) => holdsAnything(place));
    const changedAt = new Date(Math.max(...searched.map((one) => one.changedAt.getTime()), 0));
    if (places.length === 0 || now.getTime() - changedAt.getTime() < QUIET_MS) return undefined;
    const costs = places.map(({ bytes, region }) => storageCost(bytes, [region], MS_PER_DAY, GUIDE_PRICES));
    return { id, kind, places, changedAt, costPerDay: addMoney(...costs) };
  } catch (error) {
    onProblem(new UserError(`${id} is kept: ${explained(context, error).message}`, { cause: error }));
    return undefined;
  }
}

const holdsAnything = ({ objects, uploads }: OrphanPlace): boolean => objects > 0 || uploads.length > 0;

async function searchBucket(
  bucket: Bucket,
  id: StagingId,
  kind: Orphan["kind"],
): Promise<{ place: OrphanPlace; changedAt: Date }> {
  const { region, name, isOwn } = bucket;
  const uploads: OpenUpload[] = [];
  const parts: Amount[] = [];
  for await (const upload of openUploads(bucket, entryPrefix(id))) {
    uploads.push({ key: upload.key, uploadId: upload.uploadId });
    parts.push(await partsOf(bucket, upload));
  }
  const objects =
    kind === "data" ? await objectsOf(bucket, id) : { count: 0, bytes: 0, changedAt: new Date(0) };
  const all = [objects, ...parts].reduce(sumOf);
  return {
    place: {
      ...{ region, bucket: name, isOwn, objects: objects.count, bytes: all.bytes },
      uploads,
    },
    changedAt: all.changedAt,
  };
}
