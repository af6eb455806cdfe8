import type { S3Client } from "@aws-sdk/client-s3";
import { isNotFound } from "../connection/errors/kinds.ts";
import {
  objectRemoval,
  READERS_TAG,
  replicaTags,
  TTL_TAG,
  ttlClassAt,
  ttlOfClass,
} from "../staging/classes.ts";
import { InputError, UserError } from "../staging/errors.ts";
import { parseStagingId, type StagingId } from "../staging/ids.ts";
import { entryPrefix } from "../staging/manifest.ts";
import { expirationResource } from "../staging/resources/expiration.ts";
import type { ExpirationInputs, ExpirationOutputs } from "../staging/resources.ts";
import { expiresAt, isoSeconds, parseTtlDays, removalMidnight, type TtlDays } from "../staging/ttl.ts";
import { noteYoungest } from "./arrival.ts";
import { type Dependencies, reportTo } from "./deps.ts";
import { createDynamoClients, type DynamoClients } from "./dynamo-clients.ts";
import { isExpired } from "./expired.ts";
import { declaredResource } from "./plugin/declared.ts";
import type { CallContext, ResourceHandler } from "./plugin/types.ts";
import { requireLifecycleRule } from "./rules/in-force.ts";
import { hasCapability } from "./store/capabilities.ts";
import { explained } from "./store/explain.ts";
import { isInParts, type ListedObject, listObjects } from "./store/listing.ts";
import { ensureTags, hasTags, readTags, type WantedTags } from "./store/tagging.ts";
import { forEachParallel } from "./transfer/flow/parallel.ts";

const OBJECTS_IN_FLIGHT = 32;
/** New objects of each class whose tags are read: the first ones, and every so many after them. If one lacks its tags, all are read. */
const LOOKED_AT_FIRST = 500;
const LOOKED_AT_EVERY = 100;
/** Objects that `read` looks at: of an entry with more, they stand for the others. */
const SAMPLE = 128;
/** What `read` reports for objects that carry no TTL tag, or not all the same: never a TTL that one can want. */
const NO_TTL = 0;
/** The same for objects that do not all name the same readers. */
const DIFFERENT = "different";

/** The tags of an entry's objects in one region: the class of their TTL, and who reads by the bucket's name. Changing them moves no data. */
export function expiration(
  shared: Dependencies,
  dynamo: DynamoClients = createDynamoClients(),
): ResourceHandler<ExpirationInputs, ExpirationOutputs> {
  const deps = { ...shared, dynamo };
  return declaredResource(expirationResource, {
    // The data are looked at again: see `cli/engine/reopen.ts`.
    pending: (outputs) => (isWhole(outputs) ? [] : ["manifestSha256"]),

    async create(inputs, context) {
      const outputs = await expire(inputs, "sample", deps, context);
      return { id: `${inputs.region}/${inputs.stagingId}`, outputs };
    },

    async update(_id, _oldOutputs, news, context) {
      return expire(news, "all", deps, context);
    },

    async read(id, inputs, outputs, { signal }) {
      if (inputs === undefined || outputs === undefined) {
        throw new InputError(`${id} cannot be imported`, {
          why: "The time of the upload, from which the TTL counts, is not recorded with it.",
          fix: "Stage the data again: spawn stage upload",
        });
      }
      const found = await explained(`reading the tags in ${inputs.region}`, () =>
        carriedByObjects(inputs, deps.s3.of(inputs.region), signal),
      );
      if (found === undefined) return isExpired(inputs, deps.now()) ? { id, inputs, outputs } : undefined;
      const { readersTag: _before, ...known } = outputs;
      const { readersTag: _wanted, ...asked } = inputs;
      return { id, inputs: { ...asked, ...found }, outputs: { ...known, ...found } };
    },

    // The class goes with the objects, which are another resource's.
    async delete() {},
  });
}

const isWhole = (outputs: Partial<ExpirationOutputs>): boolean => outputs.ruleId !== undefined;

/** @param which objects to look at: new ones were made with their tags, so a sample tells whether something is wrong */
async function expire(
  inputs: ExpirationInputs,
  which: "sample" | "all",
  deps: Dependencies & { readonly dynamo: DynamoClients },
  context: CallContext,
): Promise<ExpirationOutputs> {
  const { bucket, region, stagingId } = inputs;
  const ttl = parseTtlDays(inputs.ttlDays);
  const client = deps.s3.of(region);
  return explained(`setting the TTL in ${region} (bucket ${bucket})`, async () => {
    const { signal } = context;
    const expires = await hasCapability("lifecycleRules", { client, bucket }, context);
    const check = { client, bucket, settling: deps.settling, signal };
    const ruleId = expires ? await requireLifecycleRule(check, ttl) : "";
    // After a request, since S3 tells the time in its answers.
    refuseExpired(inputs, ttl, deps.now());
    const place = { client, bucket };
    const tagsOf = tagsByAge(parseStagingId(stagingId), ttl, inputs);
    const job: TagJob = { place, region, prefix: entryPrefix(stagingId), tagsOf, context };
    let found = await tagObjects(job, which);
    if (which === "sample" && found.lacking > 0) found = await tagObjects(job, "all");
    if (found.objects === 0) {
      throw new UserError(`s3://${bucket}/${entryPrefix(stagingId)} holds nothing that could expire`, {
        why: "The data expired already, or somebody deleted them.",
        fix: "Stage the data again.",
      });
    }
    const uploadedAt = new Date(inputs.uploadedAt);
    const removal = removalMidnight(uploadedAt, ttl);
    const last = objectRemoval(ttl, uploadedAt, found.youngest);
    if (last <= removal) return { ...inputs, ruleId, removedAt: isoSeconds(removal) };
    // The ledger counts until then.
    await noteYoungest(inputs, deps.dynamo, found.youngest, context.signal);
    return { ...inputs, ruleId, removedAt: isoSeconds(last) };
  });
}

/**
 * S3 counts from the moment at which the upload of an object began, however long it took: what is expired when it is whole is deleted
 * at the next midnight, and must not pass for staged.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
function refuseExpired({ stagingId, uploadedAt }: ExpirationInputs, ttl: TtlDays, now: Date): void {
  const end = expiresAt(new Date(uploadedAt), ttl);
  if (end > now) return;
  throw new UserError(`the data of ${stagingId} have expired already`, {
    code: "cannot-complete",
    why: `Their upload began on ${uploadedAt}, and their TTL of ${ttl} ${ttl === 1 ? "day" : "days"} counts from then.`,
    fix: `spawn stage delete ${stagingId} --yes, then upload them again with a longer --ttl`,
  });
}

interface TagJob {
  readonly place: { readonly client: S3Client; readonly bucket: string };
  readonly prefix: string;
  readonly region: string;
  readonly tagsOf: (object: Pick<ListedObject, "lastModified">) => WantedTags;
  readonly context: CallContext;
}

/** The tags of an object by its age: a copy that was made later is in a lower class, and goes with the others. */
function tagsByAge(
  stagingId: StagingId,
  ttl: TtlDays,
  { readersTag, ...inputs }: Pick<ExpirationInputs, "readersTag" | "uploadedAt">,
): TagJob["tagsOf"] {
  const uploadedAt = new Date(inputs.uploadedAt);
  const known = new Map<TtlDays, WantedTags>();
  return ({ lastModified }) => {
    const own = ttlClassAt(ttl, uploadedAt, lastModified);
    const tags = known.get(own) ?? { [READERS_TAG]: undefined, ...replicaTags(stagingId, own, readersTag) };
    known.set(own, tags);
    return tags;
  };
}

interface Tagged {
  readonly objects: number;
  /** Of those that were looked at. */
  readonly lacking: number;
  /** When the youngest object was made. */
  readonly youngest: Date;
}

/**
 * Gives objects the tags, where they lack them. Of a sample it only looks, but for objects in parts, of which some servers forget
 * the tags that the upload was started with.
 */
async function tagObjects(
  { place, region, prefix, tagsOf, context }: TagJob,
  which: "sample" | "all",
): Promise<Tagged> {
  const progress = reportTo(context, { phase: "tag", region, total: 0, objectsTotal: 0 });
  let [objects, lacking] = [0, 0];
  let youngest = new Date(0);
  // What was made after a midnight needs other tags than the rest, however little it is.
  const seen = new Map<WantedTags, number>();
  // Should this break off, the first object shows to the next sample that something is left to do.
  let last: ListedObject | undefined;
  await forEachParallel(
    (stop) => listObjects(place.client, place.bucket, prefix, stop),
    OBJECTS_IN_FLIGHT,
    context.signal,
    async (object, stop) => {
      objects += 1;
      if (object.lastModified > youngest) youngest = object.lastModified;
      progress.add(1);
      progress.objectDone();
      const at = { ...place, key: object.key };
      const tags = tagsOf(object);
      const number = seen.get(tags) ?? 0;
      seen.set(tags, number + 1);
      if (isInParts(object)) await ensureTags(at, tags, stop);
      else if (which === "all" && last === undefined) last = object;
      else if (which === "all") await ensureTags(at, tags, stop);
      else if (number < LOOKED_AT_FIRST || number % LOOKED_AT_EVERY === 0) {
        if (!hasTags(await readTags(at, stop), tags)) lacking += 1;
      }
    },
  );
  if (last !== undefined) await ensureTags({ ...place, key: last.key }, tagsOf(last), context.signal);
  progress.finish();
  return { objects, lacking, youngest };
}

/** What the tags of objects say. */
type Carried = Pick<ExpirationInputs, "ttlDays" | "readersTag">;

/**
 * What the objects carry, as far as they are looked at: all of a few, the first of many (the manifest among them).
 * {@link NO_TTL} and {@link DIFFERENT} when they don't agree on one; undefined when there are none.
 */
export async function carriedByObjects(
  {
    bucket,
    stagingId,
    ttlDays,
    uploadedAt,
  }: Pick<ExpirationInputs, "bucket" | "stagingId" | "ttlDays" | "uploadedAt">,
  client: S3Client,
  signal: AbortSignal,
): Promise<Carried | undefined> {
  const uploaded = new Date(uploadedAt);
  const found = new Set<number>();
  const readers = new Set<string>();
  try {
    await forEachParallel(
      (stop) => sample(listObjects(client, bucket, entryPrefix(stagingId), stop)),
      OBJECTS_IN_FLIGHT,
      signal,
      async ({ key, lastModified }, stop) => {
        const tags = await readTags({ client, bucket, key }, stop);
        readers.add(tags[READERS_TAG] ?? "");
        const tag = tags[TTL_TAG];
        if (tag === undefined || !/^\d{1,2}$/.test(tag)) found.add(NO_TTL);
        // The oldest class is that of several TTLs; the one that is wanted may be among them.
        else if (Number(tag) === ttlClassAt(ttlDays as TtlDays, uploaded, lastModified)) found.add(ttlDays);
        else found.add(ttlOfClass(Number(tag), uploaded, lastModified));
      },
    );
  } catch (error) {
    if (isNotFound(error)) return undefined; // the bucket is gone, or an object expired meanwhile
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
