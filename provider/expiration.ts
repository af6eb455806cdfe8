import { isNotFound } from "../connection/errors/kinds.ts";
import {
  objectRemoval,
  READERS_TAG,
  replicaTags,
  TTL_TAG,
  ttlClassAt,
  ttlOfClass,
} from "../staging/classes.ts";
import { UserError } from "../staging/errors.ts";
import { parseStagingId, type StagingId } from "../staging/ids.ts";
import { entryPrefix } from "../staging/manifest.ts";
import { SAMPLED_EVERY, SAMPLED_FIRST } from "../staging/requests.ts";
import type { ExpirationInputs, ExpirationOutputs } from "../staging/resources/expiration.ts";
import { expirationResource } from "../staging/resources/expiration.ts";
import { expiresAt, isoSeconds, parseTtlDays, removalMidnight, type TtlDays } from "../staging/ttl.ts";
import { type Dependencies, reportTo, targetIn } from "./deps.ts";
import { createDynamoClients, type DynamoClients } from "./dynamo-clients.ts";
import { isExpired } from "./expired.ts";
import { forEachParallel } from "./flow/parallel.ts";
import { BY_UPLOAD, declaredResource } from "./plugin/declared.ts";
import type { CallContext, ResourceHandler } from "./plugin/types.ts";
import { recordYoungest } from "./region-times.ts";
import { requireLifecycleRule } from "./rules/in-force.ts";
import { explained } from "./store/explain.ts";
import type { ListedObject, ObjectStore } from "./store/object-store.ts";
import { isInParts } from "./store/stored-object.ts";
import { ensureTags, hasTags, readTags, type WantedTags } from "./store/tagging.ts";

const OBJECTS_IN_FLIGHT = 32;
/** The number of objects that `read` checks; in a larger entry they represent the rest. */
const SAMPLE = 128;
/** The TTL that `read` reports for objects with no TTL tag or with different ones. No entry can request it. */
const NO_TTL = 0;
/** The readers tag that `read` reports for objects with different readers. */
const DIFFERENT = "different";

/** The tags of an entry's objects in one region: their TTL class and their readers. Changing them moves no data. */
export function expiration(
  shared: Dependencies,
  dynamo: DynamoClients = createDynamoClients(),
): ResourceHandler<ExpirationInputs, ExpirationOutputs> {
  const deps = { ...shared, dynamo };
  return declaredResource(expirationResource, {
    notImported: {
      why: "The time of the upload, from which the TTL counts, is not recorded with it.",
      fix: BY_UPLOAD,
    },

    // Check the data again: see `cli/engine/reopen.ts`.
    pending: (outputs) => (isWhole(outputs) ? [] : ["manifestSha256"]),

    async create(inputs, context) {
      const outputs = await expire(inputs, "sample", deps, context);
      return { id: `${inputs.region}/${inputs.stagingId}`, outputs };
    },

    async update(_id, oldOutputs, news, context) {
      return expire(news, "all", deps, context, oldOutputs);
    },

    async read(id, inputs, outputs, { signal }) {
      const found = await explained(`reading the tags in ${inputs.region}`, () =>
        inputsFromTags(inputs, deps.s3.store(inputs.region), signal),
      );
      if (found === undefined) return isExpired(inputs, deps.now()) ? { id, inputs, outputs } : undefined;
      const { readersTag: _before, ...otherOutputs } = outputs;
      const { readersTag: _wanted, ...otherInputs } = inputs;
      return { id, inputs: { ...otherInputs, ...found }, outputs: { ...otherOutputs, ...found } };
    },

    // The tags are deleted with the objects, which another resource owns.
    async delete() {},
  });
}

const isWhole = (outputs: Partial<ExpirationOutputs>): boolean => outputs.ruleId !== undefined;

/**
 * @param which objects to check: new objects are created with their tags, so a sample is enough
 * @param old before an update
 */
async function expire(
  inputs: ExpirationInputs,
  which: "sample" | "all",
  deps: Dependencies & { readonly dynamo: DynamoClients },
  context: CallContext,
  old: Partial<ExpirationOutputs> = {},
): Promise<ExpirationOutputs> {
  const { bucket, region, stagingId } = inputs;
  const ttl = parseTtlDays(inputs.ttlDays);
  const target = targetIn(deps, inputs, context);
  return explained(`setting the TTL in ${region} (bucket ${bucket})`, async () => {
    const expires = await deps.capabilities.has("lifecycleRules", target, context);
    const ruleId = expires ? await requireLifecycleRule({ ...target, settling: deps.settling }, ttl) : "";
    // Only after a request: S3's response sets the clock.
    const now = deps.now();
    const { ttlDays, ruleId: oldRuleId, removedAt } = old;
    // Expired objects need no new tags, and a failure would block every update of the stack.
    if (ttlDays === ttl && oldRuleId !== undefined && removedAt !== undefined && isExpired(old, now))
      return { ...inputs, ruleId: oldRuleId, removedAt };
    refuseExpired(inputs, ttl, old, now);
    const place = { store: deps.s3.store(region), bucket };
    const tagsOf = tagsByAge(parseStagingId(stagingId), ttl, inputs);
    const job: TagJob = { place, region, prefix: entryPrefix(stagingId), tagsOf, context };
    let found = await tagObjects(job, which);
    if (which === "sample" && found.lacking > 0) found = await tagObjects(job, "all");
    if (found.objects === 0) {
      throw new UserError(`s3://${bucket}/${entryPrefix(stagingId)} holds nothing that could expire`, {
        why: "The data expired or were deleted.",
        fix:
          old.ttlDays === undefined || old.ttlDays === ttl
            ? "Stage the data again."
            : `Set the TTL to ${old.ttlDays} days again, and stage the data as another entry.`,
      });
    }
    const uploadedAt = new Date(inputs.uploadedAt);
    const removal = removalMidnight(uploadedAt, ttl);
    const last = objectRemoval(ttl, uploadedAt, found.youngest);
    if (last <= removal) return { ...inputs, ruleId, removedAt: isoSeconds(removal) };
    // The ledger bills until then.
    await recordYoungest(inputs, deps.dynamo, found.youngest, context.signal);
    return { ...inputs, ruleId, removedAt: isoSeconds(last) };
  });
}

/**
 * S3 counts the TTL from the start of an object's upload. An object that has expired by the end of its upload is deleted at the next
 * midnight, so it must not count as staged.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
function refuseExpired(
  { stagingId, uploadedAt }: ExpirationInputs,
  ttl: TtlDays,
  old: Partial<ExpirationOutputs>,
  now: Date,
): void {
  const end = expiresAt(new Date(uploadedAt), ttl);
  if (end > now) return;
  const length = `${ttl} ${ttl === 1 ? "day" : "days"}`;
  const why = `Their upload began on ${uploadedAt}, and their TTL of ${length} counts from then.`;
  if (old.ttlDays !== undefined && !isExpired(old, now)) {
    throw new UserError(`a TTL of ${length} has already ended for ${stagingId}`, {
      why: `${why} The data keep their TTL of ${old.ttlDays} days.`,
      fix: `Set the TTL to ${old.ttlDays} days again.`,
    });
  }
  throw new UserError(`the data of ${stagingId} have expired already`, {
    code: "cannot-complete",
    why,
    fix: (spell, command) =>
      `${command(`spawn stage delete ${stagingId} --yes`)}, then stage them again with a longer ${spell("ttl")}`,
  });
}

interface TagJob {
  readonly place: { readonly store: ObjectStore; readonly bucket: string };
  readonly prefix: string;
  readonly region: string;
  readonly tagsOf: (object: Pick<ListedObject, "lastModified">) => WantedTags;
  readonly context: CallContext;
}

/** The tags of an object by its age: a later copy gets a lower TTL class, so that it expires with the other objects. */
function tagsByAge(
  stagingId: StagingId,
  ttl: TtlDays,
  { readersTag, ...inputs }: Pick<ExpirationInputs, "readersTag" | "uploadedAt">,
): TagJob["tagsOf"] {
  const uploadedAt = new Date(inputs.uploadedAt);
  const tagsByClass = new Map<TtlDays, WantedTags>();
  return ({ lastModified }) => {
    const ttlClass = ttlClassAt(ttl, uploadedAt, lastModified);
    const tags = tagsByClass.get(ttlClass) ?? {
      [READERS_TAG]: undefined,
      ...replicaTags(stagingId, ttlClass, readersTag),
    };
    tagsByClass.set(ttlClass, tags);
    return tags;
  };
}

interface Tagged {
  readonly objects: number;
  /** How many of the checked objects lacked their tags. */
  readonly lacking: number;
  /** When the youngest object was created. */
  readonly youngest: Date;
}

/**
 * Adds missing tags to objects. A sample of each TTL class is only checked, except for multipart objects: some servers drop the tags of a
 * multipart upload.
 */
async function tagObjects(
  { place, region, prefix, tagsOf, context }: TagJob,
  which: "sample" | "all",
): Promise<Tagged> {
  const progress = reportTo(context, { phase: "tag", region, total: 0, objectsTotal: 0 });
  let [objects, lacking] = [0, 0];
  let youngest = new Date(0);
  // Sample per set of tags: objects created after a midnight need different tags than the rest.
  const countByTags = new Map<WantedTags, number>();
  // Tag the first object last: if the work is interrupted, the next sample finds it untagged.
  let last: ListedObject | undefined;
  await forEachParallel(
    (stop) => place.store.listObjects({ bucket: place.bucket, prefix }, stop),
    OBJECTS_IN_FLIGHT,
    context.signal,
    async (object, stop) => {
      objects += 1;
      if (object.lastModified > youngest) youngest = object.lastModified;
      progress.add(1);
      progress.objectDone();
      const at = { ...place, key: object.key };
      const tags = tagsOf(object);
      const number = countByTags.get(tags) ?? 0;
      countByTags.set(tags, number + 1);
      if (isInParts(object)) await ensureTags(at, tags, stop);
      else if (which === "all" && last === undefined) last = object;
      else if (which === "all") await ensureTags(at, tags, stop);
      else if (number < SAMPLED_FIRST || number % SAMPLED_EVERY === 0) {
        if (!hasTags(await readTags(at, stop), tags)) lacking += 1;
      }
    },
  );
  if (last !== undefined) await ensureTags({ ...place, key: last.key }, tagsOf(last), context.signal);
  progress.finish();
  return { objects, lacking, youngest };
}

/** The inputs that the objects' tags contain. */
type Carried = Pick<ExpirationInputs, "ttlDays" | "readersTag">;

/**
 * Reads the tags of the first objects, including the manifest.
 * @returns {@link NO_TTL} and {@link DIFFERENT} where the tags differ; undefined if there are no objects
 */
export async function inputsFromTags(
  {
    bucket,
    stagingId,
    ttlDays,
    uploadedAt,
  }: Pick<ExpirationInputs, "bucket" | "stagingId" | "ttlDays" | "uploadedAt">,
  store: ObjectStore,
  signal: AbortSignal,
): Promise<Carried | undefined> {
  const uploaded = new Date(uploadedAt);
  const found = new Set<number>();
  const readers = new Set<string>();
  try {
    await forEachParallel(
      (stop) => sample(store.listObjects({ bucket, prefix: entryPrefix(stagingId) }, stop)),
      OBJECTS_IN_FLIGHT,
      signal,
      async ({ key, lastModified }, stop) => {
        const tags = await readTags({ store, bucket, key }, stop);
        readers.add(tags[READERS_TAG] ?? "");
        const tag = tags[TTL_TAG];
        if (tag === undefined || !/^\d{1,2}$/.test(tag)) found.add(NO_TTL);
        // Several TTLs share the oldest class, and the wanted one may be among them.
        else if (Number(tag) === ttlClassAt(ttlDays as TtlDays, uploaded, lastModified)) found.add(ttlDays);
        else found.add(ttlOfClass(Number(tag), uploaded, lastModified));
      },
    );
  } catch (error) {
    if (isNotFound(error)) return undefined; // the bucket was deleted, or an object has just expired
    throw error;
  }
  const [[ttl], [named = ""]] = [[...found], [...readers]];
  if (ttl === undefined) return undefined;
  const readersTag = readers.size > 1 ? DIFFERENT : named;
  return { ttlDays: found.size > 1 ? NO_TTL : ttl, ...(readersTag === "" ? {} : { readersTag }) };
}

async function* sample(objects: AsyncIterable<ListedObject>): AsyncGenerator<ListedObject, void, void> {
  let count = 0;
  for await (const object of objects) {
    yield object;
    count += 1;
    if (count === SAMPLE) return;
  }
}
