import { InputError, UserError } from "../staging/errors.ts";
import { parseStagingId } from "../staging/ids.ts";
import { entryPrefix } from "../staging/manifest.ts";
import { parseRegion } from "../staging/regions.ts";
import type { ReplicationInputs, ReplicationOutputs } from "../staging/resources.ts";
import { changedOf, checkInputs } from "./checks.ts";
import { type Dependencies, reportTo, showProgress } from "./deps.ts";
import { partialFailure } from "./partial.ts";
import type { CallContext, ResourceHandler } from "./plugin/types.ts";
import { explained } from "./transfer/aws-errors.ts";
import { deleteEntry } from "./transfer/delete.ts";
import { forEachParallel } from "./transfer/parallel.ts";
import { ensureReplica, type ReplicaResult } from "./transfer/replicate.ts";
import { requireReplicationRule } from "./transfer/rules.ts";
import { headObject, type ObjectPlace } from "./transfer/stored.ts";
import { listKeys } from "./transfer/tagging.ts";
import { waitUntilWritable } from "./writable.ts";

/** Objects replicated at the same time; each may have many parts under way. */
const OBJECTS_IN_FLIGHT = 4;

/** The entry's replica in one region, and its membership in the rule that makes it. */
export function replication(deps: Dependencies): ResourceHandler<ReplicationInputs, ReplicationOutputs> {
  return {
    computed: ["ruleId", "via", "objects", "seconds", "verifiedBy"],

    async check(news) {
      return checkInputs<ReplicationInputs>(news, {
        stagingId: parseStagingId,
        sourceRegion: parseRegion,
        region: parseRegion,
      });
    },

    diff(_id, oldInputs, oldOutputs, news) {
      // A creation that failed half way is gone on with, though no input changed: a refresh clears the engine's note of it.
      const unfinished = isWhole(oldOutputs) ? [] : ["method"];
      return {
        replaces: changedOf(oldInputs, news, [
          "stagingId",
          "sourceRegion",
          "sourceBucket",
          "region",
          "bucket",
          "key",
          "sha256",
          "manifestSha256",
        ]),
        updates: [...new Set([...unfinished, ...changedOf(oldInputs, news, ["method"])])],
        deleteBeforeReplace: true,
      };
    },

    async create(inputs, context) {
      const id = `${inputs.region}/${inputs.stagingId}`;
      return { id, outputs: await replicate(id, inputs, deps, context) };
    },

    async update(id, oldOutputs, news, context) {
      // How the replica came stays true; the method counts for the next one.
      if (isWhole(oldOutputs)) return { ...oldOutputs, ...news };
      return replicate(id, news, deps, context);
    },

    async read(id, inputs, outputs, { signal }) {
      if (inputs === undefined || outputs === undefined) {
        throw new InputError(`${id} cannot be imported`, {
          why: "What it is a replica of is not recorded in S3.",
          fix: "Stage the data again: spawn stage upload",
        });
      }
      if (!isWhole(outputs)) return { id, inputs, outputs };
      const { bucket, region } = outputs;
      const client = deps.s3.of(region);
      const found = await explained(`reading the replica in ${region}`, () =>
        Promise.all(ownKeys(outputs).map((key) => headObject({ client, bucket, key }, signal))),
      );
      const isThere = found.every((object) => object !== undefined);
      const isRight = outputs.kind === "directory" || found[0]?.size === outputs.sizeBytes;
      return isThere && isRight ? { id, inputs, outputs } : undefined;
    },

    async delete(_id, { region, bucket, stagingId }, context) {
      const progress = reportTo(context, { phase: "delete", region, total: 0, objectsTotal: 0 });
      await explained(`deleting ${stagingId} in ${region}`, () =>
        deleteEntry(deps.s3.of(region), bucket, stagingId, {
          signal: context.signal,
          onDeleted: (count) => progress.add(count),
        }),
      );
      progress.finish();
    },
  };
}

/** Whether the creation got to its end; one that failed half way has the inputs as its outputs. */
const isWhole = (outputs: Partial<ReplicationOutputs>): boolean => outputs.verifiedBy !== undefined;

/** @throws PartialFailure once the destination may hold some of it */
async function replicate(
  id: string,
  inputs: ReplicationInputs,
  deps: Dependencies,
  context: CallContext,
): Promise<ReplicationOutputs> {
  const doing = `replication to ${inputs.region} (bucket ${inputs.bucket})`;
  const ruleId = await explained(doing, () => joinRule(inputs, deps, context));
  try {
    await waitUntilWritable(inputs, deps, context);
    return { ...inputs, ruleId, ...(await makeReplicas(inputs, deps, context)) };
  } catch (error) {
    // The rule may have made replicas even where nothing was copied, so deleting must find this resource.
    throw partialFailure(id, inputs, error, doing, context.signal);
  }
}

async function joinRule(
  inputs: ReplicationInputs,
  deps: Dependencies,
  { signal }: CallContext,
): Promise<string> {
  if (inputs.method === "copy") return "";
  const client = deps.s3.of(inputs.sourceRegion);
  const check = { client, bucket: inputs.sourceBucket, settling: deps.settling, signal };
  return requireReplicationRule(check, parseRegion(inputs.region), inputs.bucket);
}

async function makeReplicas(
  inputs: ReplicationInputs,
  deps: Dependencies,
  context: CallContext,
): Promise<Pick<ReplicationOutputs, "via" | "objects" | "seconds" | "verifiedBy">> {
  const started = performance.now();
  const source = { client: deps.s3.of(inputs.sourceRegion), bucket: inputs.sourceBucket };
  const destination = { client: deps.s3.of(inputs.region), bucket: inputs.bucket };
  const keys = await keysOf(inputs, source, context.signal);
  const progress = reportTo(context, {
    phase: "copy",
    region: inputs.region,
    total: inputs.sizeBytes,
    objectsTotal: keys.length,
  });
  const results: ReplicaResult[] = [];
  await forEachParallel(
    () => keys,
    OBJECTS_IN_FLIGHT,
    context.signal,
    async (key, signal) => {
      const result = await ensureReplica({
        source: { ...source, key },
        destination: { ...destination, key },
        size: key === inputs.key ? inputs.sizeBytes : undefined,
        method: inputs.method,
        patience: deps.patience,
        signal,
        // The manifest's bytes are not the user's.
        onBytes: (bytes) => key !== inputs.manifestKey && progress.add(bytes),
        onWait: (text) => showProgress(context, text, waiting(inputs.region)),
      });
      results.push(result);
      progress.objectDone();
    },
  );
  progress.finish();
  return {
    objects: results.length,
    via: summary(results),
    verifiedBy: results.some(({ verifiedBy }) => verifiedBy === "etag") ? "etag" : "checksum",
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
}

const ownKeys = ({ kind, key, manifestKey }: ReplicationInputs): string[] =>
  kind === "file" ? [key, manifestKey] : [manifestKey];

/** The keys of the entry, as its source has them. */
async function keysOf(
  inputs: ReplicationInputs,
  source: Omit<ObjectPlace, "key">,
  signal: AbortSignal,
): Promise<string[]> {
  if (inputs.kind === "file") return ownKeys(inputs);
  const keys: string[] = [];
  for await (const key of listKeys(source.client, source.bucket, entryPrefix(inputs.stagingId), signal)) {
    keys.push(key);
  }
  if (keys.length > 0) return keys;
  throw new UserError(`s3://${source.bucket}/${entryPrefix(inputs.stagingId)} holds nothing to replicate`, {
    why: "The data expired, or somebody deleted them.",
    fix: "Stage the data again.",
  });
}

function summary(results: readonly ReplicaResult[]): ReplicationOutputs["via"] {
  const ways = new Set(results.map(({ via }) => via));
  if (ways.size > 1) return "mixed";
  return ways.has("rule") ? "rule" : "copy";
}

const waiting = (region: string) =>
  ({ phase: "wait", region, done: 0, total: 0, objectsDone: 0, objectsTotal: 0, finished: false }) as const;
