import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { isNotFound } from "../connection/errors/kinds.ts";
import { replicateTag } from "../staging/classes.ts";
import type { ReplicationMethod } from "../staging/entry.ts";
import { UserError } from "../staging/errors.ts";
import { parseRegion } from "../staging/regions.ts";
import type { ReplicationInputs, ReplicationOutputs } from "../staging/resources/replication.ts";
import { replicationResource } from "../staging/resources/replication.ts";
import { describeReplica } from "../staging/transfer-estimate.ts";
import { deleteIn } from "./delete-in.ts";
import { type Dependencies, reportTo, showWait, targetIn, withTimeout } from "./deps.ts";
import { createDynamoClients, type DynamoClients } from "./dynamo-clients.ts";
import { isExpired } from "./expired.ts";
import { partialFailure } from "./partial.ts";
import { BY_UPLOAD, declaredResource } from "./plugin/declared.ts";
import type { CallContext, ResourceHandler } from "./plugin/types.ts";
import { isUnknown } from "./plugin/values.ts";
import { recordArrival, recordHeld } from "./region-times.ts";
import { requireReplicationRule } from "./rules/in-force.ts";
import { explainRuleFailure, ruleOutcome } from "./rules/rule-outcome.ts";
import { explained } from "./store/explain.ts";
import { readTags } from "./store/tagging.ts";
import { type RuleFallback, replicate } from "./transfer/replicate.ts";
import { checkPresence } from "./transfer/verify/verify.ts";
import { waitUntilWritable } from "./writable.ts";

/** The entry's replica in one region, and the check of the replication rule that creates it. */
export function replication(
  shared: Dependencies,
  dynamo: DynamoClients = createDynamoClients(),
): ResourceHandler<ReplicationInputs, ReplicationOutputs> {
  const deps = { ...shared, dynamo };
  return declaredResource(replicationResource, {
    notImported: { why: "What it is a replica of is not recorded in S3.", fix: BY_UPLOAD },

    // An update completes an interrupted creation, even after a refresh, which clears the engine's record of the failure.
    pending: (outputs) => (isWhole(outputs) ? [] : ["method"]),

    async create(inputs, context) {
      const id = `${inputs.region}/${inputs.stagingId}`;
      return { id, outputs: await replicateAs(id, inputs, deps, context) };
    },

    async update(id, oldOutputs, news, context) {
      // Keep how this replica was created; a changed method applies to the next one.
      const isSame = CONTENT.every((name) => oldOutputs[name] === news[name]);
      if (isWhole(oldOutputs) && isSame) return { ...oldOutputs, ...news };
      return replicateAs(id, news, deps, context);
    },

    async read(id, inputs, outputs, { signal }) {
      if (!isWhole(outputs)) return { id, inputs, outputs };
      const { region, sourceRegion } = outputs;
      const copies = [
        { region: sourceRegion, bucket: outputs.sourceBucket, store: deps.s3.store(sourceRegion) },
        { region, bucket: outputs.bucket, store: deps.s3.store(region) },
      ];
      const [, found] = await checkPresence(outputs, copies, signal);
      if (found === undefined || found.state === "whole") return { id, inputs, outputs };
      if (found.state === "unreachable") {
        throw new UserError(`reading the replica in ${region} failed`, { why: `${found.why}.` });
      }
      if (isExpired(inputs, deps.now())) return { id, inputs, outputs };
      // The next update or the deletion handles a partial replica.
      return found.holdsSome ? { id, inputs, outputs: inputs as ReplicationOutputs } : undefined;
    },

    async preview({ sizeBytes, sha256, sourceRegion, region }, { log }) {
      // The preview of a new entry includes its replicas; the hash of an existing one is known.
      if (!isUnknown(sha256) && !isUnknown(sizeBytes))
        log("info", describeReplica(sizeBytes, { from: sourceRegion, to: region }));
      return {};
    },

    async delete(_id, outputs, context) {
      await deleteIn(outputs, withTimeout(deps, outputs, context), context);
    },
  });
}

/** The inputs that identify an entry's content. */
const CONTENT = ["sizeBytes", "fileCount", "sha256", "manifestSha256"] as const;

/** Whether the creation completed; an interrupted one has its inputs as outputs. */
const isWhole = (outputs: Partial<ReplicationOutputs>): boolean => outputs.verifiedBy !== undefined;

/** @throws PartialFailure once the destination may hold objects */
async function replicateAs(
  id: string,
  inputs: ReplicationInputs,
  shared: Dependencies & { readonly dynamo: (region: string) => DynamoDBClient },
  context: CallContext,
): Promise<ReplicationOutputs> {
  const deps = { ...withTimeout(shared, inputs, context), dynamo: shared.dynamo };
  const doing = { what: "replication", region: inputs.region, bucket: inputs.bucket } as const;
  const method = await explained(doing, () => possibleMethod(inputs, deps, context));
  const checkRule = () => explained(doing, () => requireRule({ ...inputs, method }, deps, context));
  // The rule for a newly added region may not be visible yet.
  const isNewRule = inputs.writableAt !== undefined && new Date(inputs.writableAt) > deps.now();
  const checkedRuleId = isNewRule ? undefined : await checkRule();
  try {
    await waitUntilWritable(inputs, deps, context);
    const ruleId = checkedRuleId ?? (await checkRule());
    const { hasFailed, ...created } = await createReplicas({ ...inputs, method }, deps, context);
    if (method === "rule" && created.via !== "rule")
      await recordRuleFailure(inputs, { via: created.via, hasFailed }, deps, context);
    await recordArrival(inputs, shared.dynamo, deps.now(), context.signal);
    return { ...inputs, ruleId, ...created };
  } catch (error) {
    // The rule may have created replicas even if nothing was copied, so a deletion must find this resource.
    throw partialFailure(id, inputs, error, doing, context.signal);
  }
}

/**
 * Records and explains why a rule did not replicate everything. All objects have the same tags, so one object's status explains it.
 * @param created with `hasFailed`, the rule failed for at least one object, perhaps not for this one
 */
async function recordRuleFailure(
  inputs: ReplicationInputs,
  { via, hasFailed }: Pick<Created, "via" | "hasFailed">,
  deps: Dependencies & { readonly dynamo: DynamoClients },
  context: CallContext,
): Promise<void> {
  const { region, sourceRegion, sourceBucket: bucket, kind, key, manifestKey } = inputs;
  const place = { store: deps.s3.store(sourceRegion), bucket, key: kind === "file" ? key : manifestKey };
  const outcome = await ruleOutcome(place, context.signal);
  if (hasFailed || outcome.status === "FAILED")
    await recordHeld({ ...inputs, region: sourceRegion }, deps.dynamo, deps.now(), context.signal);
  if (via !== "copy" || !deps.isAws) return;
  context.log(
    "warning",
    (spell, command) =>
      `The rule has replicated nothing to ${region}, so all objects were copied. ${explainRuleFailure(place, outcome, spell, command)}`,
  );
}

/**
 * A rule replicates objects that have its tag from their creation. If the region was added later, the objects lack the tag, and the
 * rule would never replicate them. The manifest has the same tags as all objects, so it is enough to read its tags.
 */
async function possibleMethod(
  { method, region, sourceRegion, sourceBucket: bucket, manifestKey: key }: ReplicationInputs,
  deps: Dependencies,
  context: CallContext,
): Promise<ReplicationMethod> {
  if (method === "copy") return method;
  const target = targetIn(deps, { region: sourceRegion, bucket }, context);
  if (!(await deps.capabilities.has("replicationRules", target, context))) return "copy";
  try {
    const tags = await readTags({ store: deps.s3.store(sourceRegion), bucket, key }, context.signal);
    return tags[replicateTag(parseRegion(region))] === "true" ? "rule" : "copy";
  } catch (error) {
    if (isNotFound(error)) return method; // the replication reports missing objects
    throw error;
  }
}

async function requireRule(
  inputs: ReplicationInputs,
  deps: Dependencies,
  context: CallContext,
): Promise<string> {
  const { method, region, bucket, sourceRegion, sourceBucket } = inputs;
  if (method === "copy") return "";
  const target = targetIn(deps, { region: sourceRegion, bucket: sourceBucket }, context);
  return requireReplicationRule({ ...target, settling: deps.settling }, parseRegion(region), bucket);
}

interface Created extends Pick<ReplicationOutputs, "via" | "objects" | "seconds" | "verifiedBy"> {
  /** Whether S3 reported of an object that its replication failed. */
  readonly hasFailed: boolean;
}

async function createReplicas(
  inputs: ReplicationInputs,
  deps: Dependencies,
  context: CallContext,
): Promise<Created> {
  const started = performance.now();
  let hasFailed = false;
  const progress = reportTo(context, {
    phase: "copy",
    region: inputs.region,
    total: inputs.sizeBytes,
    // One more for the manifest.
    objectsTotal: inputs.fileCount + 1,
  });
  const { passedThrough, ...created } = await replicate(inputs, {
    plane: deps.plane,
    source: { store: deps.s3.store(inputs.sourceRegion), bucket: inputs.sourceBucket },
    destination: { store: deps.s3.store(inputs.region), bucket: inputs.bucket },
    patience: deps.patience,
    signal: context.signal,
    onBytes: (bytes: number) => progress.add(bytes),
    onWait: (text: string) => showWait(context, text, inputs.region),
    onFallback: async (given: RuleFallback) => {
      hasFailed ||= given.status === "FAILED";
      const [{ fallbackText }, { priceBook }] = await Promise.all([
        import("../staging/fallback.ts"),
        import("../staging/price-books.ts"),
      ]);
      const fallback = { ...given, from: inputs.sourceRegion, to: inputs.region };
      context.log("warning", fallbackText(fallback, priceBook("aws")));
    },
    onObject: () => progress.objectDone(),
  });
  progress.finish();
  if (passedThrough) {
    context.log(
      "warning",
      `S3 makes no copies from ${inputs.sourceRegion} in ${inputs.region} for this machine, since its requests come through a VPC endpoint. ` +
        "So the data passed through this machine. Outside of this VPC, or with replication: rule, they do not.",
    );
  }
  return { ...created, hasFailed, seconds: Math.round((performance.now() - started) / 100) / 10 };
}
