import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { isNotFound } from "../connection/errors/kinds.ts";
import { replicateTag } from "../staging/classes.ts";
import type { ReplicationMethod } from "../staging/entry.ts";
import { InputError, UserError } from "../staging/errors.ts";
import { parseRegion } from "../staging/regions.ts";
import { replicationResource } from "../staging/resources/replication.ts";
import type { ReplicationInputs, ReplicationOutputs } from "../staging/resources.ts";
import { noteArrival, noteHeld } from "./arrival.ts";
import { type Dependencies, reportTo, showProgress, withTimeout } from "./deps.ts";
import { createDynamoClients, type DynamoClients } from "./dynamo-clients.ts";
import { isExpired } from "./expired.ts";
import { partialFailure } from "./partial.ts";
import { declaredResource } from "./plugin/declared.ts";
import type { CallContext, ResourceHandler } from "./plugin/types.ts";
import { requireReplicationRule } from "./rules/in-force.ts";
import { hasCapability } from "./store/capabilities.ts";
import { explained } from "./store/explain.ts";
import { readTags } from "./store/tagging.ts";
import { ensureReplica, type GivenUp, type ReplicaResult } from "./transfer/copy/replicate.ts";
import { replicateTree, type TreeJob } from "./transfer/copy/replicate-tree.ts";
import { ruleOutcome, whyNothingByRule } from "./transfer/copy/rule-outcome.ts";
import { passesThroughClient } from "./transfer/copy/through-client.ts";
import { deleteEntry } from "./transfer/delete.ts";
import { forEachParallel } from "./transfer/flow/parallel.ts";
import { checkPresence } from "./transfer/verify/check.ts";
import { waitUntilWritable } from "./writable.ts";

/** The entry's replica in one region, and its membership in the rule that makes it. */
export function replication(
  shared: Dependencies,
  dynamo: DynamoClients = createDynamoClients(),
): ResourceHandler<ReplicationInputs, ReplicationOutputs> {
  const deps = { ...shared, dynamo };
  return declaredResource(replicationResource, {
    // An update completes a creation that failed half way, even after a refresh, which clears the engine's note of it.
    pending: (outputs) => (isWhole(outputs) ? [] : ["method"]),

    async create(inputs, context) {
      const id = `${inputs.region}/${inputs.stagingId}`;
      return { id, outputs: await replicate(id, inputs, deps, context) };
    },

    async update(id, oldOutputs, news, context) {
      // How the replica came stays true; the method counts for the next one.
      const isSame = CONTENT.every((name) => oldOutputs[name] === news[name]);
      if (isWhole(oldOutputs) && isSame) return { ...oldOutputs, ...news };
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
      const { region, sourceRegion } = outputs;
      const copies = [
        { region: sourceRegion, bucket: outputs.sourceBucket, client: deps.s3.of(sourceRegion) },
        { region, bucket: outputs.bucket, client: deps.s3.of(region) },
      ];
      const [, found] = await checkPresence(outputs, copies, signal);
      if (found === undefined || found.state === "whole") return { id, inputs, outputs };
      if (found.state === "unreachable") {
        throw new UserError(`reading the replica in ${region} failed`, { why: `${found.why}.` });
      }
      if (isExpired(inputs, deps.now())) return { id, inputs, outputs };
      // The next update, or the deletion, handles the rest of it.
      return found.holdsSome ? { id, inputs, outputs: inputs as ReplicationOutputs } : undefined;
    },

    async delete(_id, outputs, context) {
      const { region, bucket, stagingId } = outputs;
      const { s3 } = withTimeout(deps, outputs, context);
      const progress = reportTo(context, { phase: "delete", region, total: 0, objectsTotal: 0 });
      await explained(`deleting ${stagingId} in ${region}`, () =>
        deleteEntry(s3.of(region), bucket, stagingId, {
          signal: context.signal,
          onDeleted: (count) => progress.add(count),
        }),
      );
      progress.finish();
    },
  });
}

/** What tells the content of an entry. */
const CONTENT = ["sizeBytes", "fileCount", "sha256", "manifestSha256"] as const;

/** Whether the creation got to its end; one that failed half way has the inputs as its outputs. */
const isWhole = (outputs: Partial<ReplicationOutputs>): boolean => outputs.verifiedBy !== undefined;

/** @throws PartialFailure once the destination may hold some of it */
async function replicate(
  id: string,
  inputs: ReplicationInputs,
  shared: Dependencies & { readonly dynamo: (region: string) => DynamoDBClient },
  context: CallContext,
): Promise<ReplicationOutputs> {
  const deps = { ...withTimeout(shared, inputs, context), dynamo: shared.dynamo };
  const doing = { what: "replication", region: inputs.region, bucket: inputs.bucket } as const;
  const method = await explained(doing, () => possibleMethod(inputs, deps, context));
  const join = () => explained(doing, () => joinRule({ ...inputs, method }, deps, context));
  // The rule towards a region that was added a moment ago may not show yet.
  const isYoung = inputs.writableAt !== undefined && new Date(inputs.writableAt) > deps.now();
  const joined = isYoung ? undefined : await join();
  try {
    await waitUntilWritable(inputs, deps, context);
    const ruleId = joined ?? (await join());
    const made = await makeReplicas({ ...inputs, method }, deps, context);
    if (method === "rule" && made.via !== "rule") await judgeRule(inputs, made.via, deps, context);
    await noteArrival(inputs, shared.dynamo, deps.now(), context.signal);
    return { ...inputs, ruleId, ...made };
  } catch (error) {
    // The rule may have made replicas even where nothing was copied, so deleting must find this resource.
    throw partialFailure(id, inputs, error, doing, context.signal);
  }
}

/** Notes what follows where a rule did not replicate all: one object, which has the tags of all, tells. */
async function judgeRule(
  inputs: ReplicationInputs,
  via: ReplicationOutputs["via"],
  deps: Dependencies & { readonly dynamo: DynamoClients },
  context: CallContext,
): Promise<void> {
  const { region, sourceRegion, sourceBucket: bucket, kind, key, manifestKey } = inputs;
  const place = { client: deps.s3.of(sourceRegion), bucket, key: kind === "file" ? key : manifestKey };
  const outcome = await ruleOutcome(place, context.signal);
  if (outcome.status === "FAILED")
    await noteHeld({ ...inputs, region: sourceRegion }, deps.dynamo, deps.now(), context.signal);
  if (via !== "copy" || !deps.isAws) return;
  const why = whyNothingByRule(place, outcome);
  context.log("warning", `The rule has replicated nothing to ${region}, so all objects were copied. ${why}`);
}

/**
 * A rule takes objects by a tag that they carry from their creation. Those of an entry that gained the region later lack it, and
 * waiting for the rule would be in vain. The manifest, which has the tags of all, tells.
 */
async function possibleMethod(
  { method, region, sourceRegion, sourceBucket: bucket, manifestKey: key }: ReplicationInputs,
  deps: Dependencies,
  context: CallContext,
): Promise<ReplicationMethod> {
  if (method === "copy") return method;
  const place = { client: deps.s3.of(sourceRegion), bucket };
  if (!(await hasCapability("replicationRules", place, context))) return "copy";
  try {
    const tags = await readTags({ ...place, key }, context.signal);
    return tags[replicateTag(parseRegion(region))] === "true" ? "rule" : "copy";
  } catch (error) {
    if (isNotFound(error)) return method; // what is missing shows when it is replicated
    throw error;
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
  const progress = reportTo(context, {
    phase: "copy",
    region: inputs.region,
    total: inputs.sizeBytes,
    // The manifest is one of them.
    objectsTotal: inputs.fileCount + 1,
  });
  const ways = new Set<ReplicaResult["via"]>();
  let objects = 0;
  let verifiedBy: ReplicationOutputs["verifiedBy"] = "checksum";
  const job = {
    source: { client: deps.s3.of(inputs.sourceRegion), bucket: inputs.sourceBucket },
    destination: { client: deps.s3.of(inputs.region), bucket: inputs.bucket },
    method: inputs.method,
    patience: deps.patience,
    signal: context.signal,
    onBytes: (bytes: number) => progress.add(bytes),
    onWait: (text: string) => showProgress(context, text, waiting(inputs.region)),
    onGiveUp: async (given: GivenUp) => {
      const [{ fallbackText }, { priceBook }] = await Promise.all([
        import("../staging/fallback.ts"),
        import("../staging/price-books.ts"),
      ]);
      const fallback = { ...given, from: inputs.sourceRegion, to: inputs.region };
      context.log("warning", fallbackText(fallback, priceBook("aws")));
    },
    onObject: (result: ReplicaResult) => {
      objects += 1;
      ways.add(result.via);
      if (result.verifiedBy === "etag") verifiedBy = "etag";
      progress.objectDone();
    },
  };
  if (inputs.kind === "file") await replicateFile(inputs, job);
  else await replicateTree({ ...inputs, ...job });
  progress.finish();
  if (passesThroughClient({ source: job.source, destination: job.destination.client })) {
    context.log(
      "warning",
      `S3 makes no copies from ${inputs.sourceRegion} in ${inputs.region} for this machine, since its requests come through a VPC endpoint. ` +
        "So the data passed through this machine. Outside of this VPC, or with replication: rule, they do not.",
    );
  }
  return {
    objects,
    via: ways.size > 1 ? "mixed" : ways.has("rule") ? "rule" : "copy",
    verifiedBy,
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
}

type FileJob = Omit<TreeJob, keyof ReplicationInputs | "method"> & Pick<ReplicationInputs, "method">;

/** Replicates a single file and its manifest. */
async function replicateFile(
  { key, manifestKey, sizeBytes }: ReplicationInputs,
  job: FileJob,
): Promise<void> {
  await forEachParallel(
    () => [key, manifestKey],
    2,
    job.signal,
    async (each, signal) => {
      const result = await ensureReplica({
        ...{ method: job.method, patience: job.patience, onWait: job.onWait, signal },
        source: { ...job.source, key: each },
        destination: { ...job.destination, key: each },
        ...(each === key && job.onGiveUp !== undefined ? { onGiveUp: job.onGiveUp } : {}),
        size: each === key ? sizeBytes : undefined,
        // The manifest's bytes are not the user's.
        onBytes: (bytes) => each === key && job.onBytes(bytes),
      });
      job.onObject(result);
    },
  );
}

const waiting = (region: string) =>
  ({ phase: "wait", region, done: 0, total: 0, objectsDone: 0, objectsTotal: 0, finished: false }) as const;
