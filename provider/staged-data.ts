import { isNoSuchBucket } from "../connection/errors/kinds.ts";
import { primaryTags } from "../staging/classes.ts";
import { describeError, InputError, UserError } from "../staging/errors.ts";
import { parseFilename } from "../staging/filename.ts";
import { parseStagingId } from "../staging/ids.ts";
import { refuseOverlap } from "../staging/overlap.ts";
import { parseRegion, REGIONS } from "../staging/regions.ts";
import type { StagedDataInputs, StagedDataOutputs } from "../staging/resources/staged-data.ts";
import { stagedDataResource } from "../staging/resources/staged-data.ts";
import { assertOnS3, assertRequestPayer, isS3Url, parseS3Url } from "../staging/s3-url.ts";
import { describeTransfer, estimatedCost, type Transfer } from "../staging/transfer-estimate.ts";
import { parseTtlDays } from "../staging/ttl.ts";
import { deleteIn } from "./delete-in.ts";
import { type Dependencies, reportTo, targetIn, withTimeout } from "./deps.ts";
import { createDynamoClients, type DynamoClients } from "./dynamo-clients.ts";
import { isExpired } from "./expired.ts";
import { partialFailure } from "./partial.ts";
import { BY_UPLOAD, declaredResource } from "./plugin/declared.ts";
import {
  type CallContext,
  type CheckFailure,
  checkFailure,
  PartialFailure,
  type Properties,
  type ResourceHandler,
} from "./plugin/types.ts";
import { containsUnknowns, isUnknown } from "./plugin/values.ts";
import { readRecord } from "./record.ts";
import { replicationDestination } from "./rules/in-force.ts";
import { explainAwsError, explained } from "./store/explain.ts";
import { clientsOfAnyOwner } from "./store/sending.ts";
import { type MeasuredSource, measureSource } from "./transfer/measured-source.ts";
import { type Source, stage } from "./transfer/stage.ts";
import { checkPresence } from "./transfer/verify/verify.ts";
import { waitUntilWritable } from "./writable.ts";

/** The entry's objects in its primary region: the source's data and the manifest. */
export function stagedData(
  deps: Dependencies,
  dynamo: DynamoClients = createDynamoClients(),
): ResourceHandler<StagedDataInputs, StagedDataOutputs> {
  /** The sizes of checked sources, by URN: the preview that follows a check does not measure the source again. */
  const measured = new Map<string, Size>();
  return declaredResource(stagedDataResource, {
    notImported: { why: "What was staged, and from where, is not recorded in S3.", fix: BY_UPLOAD },

    // The source may be deleted once the data are staged, so check it only at creation.
    async check(news, olds, context) {
      if (olds !== undefined) return [];
      const taken = await takenId(news, dynamo, context);
      const source = news["source"];
      if (taken.length > 0 || typeof source !== "string" || isUnknown(source)) return taken;
      try {
        const { source: found, ...size } = await sourceOf(
          news as unknown as StagedDataInputs,
          deps,
          context.signal,
        );
        if (found.kind === "directory") {
          for (const warning of found.warnings) context.log("warning", warning);
        }
        measured.set(context.urn, size);
        return [];
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        return [checkFailure("source", error)];
      }
    },

    // An update completes an interrupted creation, even after a refresh, which clears the engine's record of the failure.
    pending: (outputs) => (isWhole(outputs) && outputs.lost === undefined ? [] : ["source"]),

    async preview(inputs, context) {
      if (containsUnknowns({ ...inputs, writableAt: undefined })) return {};
      const { sizeBytes, fileCount } =
        measured.get(context.urn) ?? (await sourceOf(inputs, deps, context.signal));
      measured.delete(context.urn);
      const transfer = transferOf(inputs, { sizeBytes, fileCount });
      context.log("info", describeTransfer(transfer));
      return { sizeBytes, fileCount, estimatedCost: estimatedCost(transfer) };
    },

    async create(inputs, context) {
      measured.delete(context.urn);
      const id = `${inputs.region}/${inputs.stagingId}`;
      return { id, outputs: await stageAs(id, inputs, deps, context) };
    },

    async update(id, oldOutputs, news, context) {
      if (!isWhole(oldOutputs)) return stageAs(id, news, deps, context);
      const { lost, ...outputs } = oldOutputs;
      const same = { ...outputs, ...news };
      // `spawn stage repair` may have restored them from another region.
      if (lost === undefined || (await lossOf(outputs, deps, context)) === undefined) return same;
      // They may have expired since the refresh that found them missing.
      if (isExpired(same, deps.now())) return same;
      return restage(id, outputs, news, deps, context);
    },

    async read(id, inputs, outputs, context) {
      // An interrupted creation has nothing to check; the next update resumes it.
      if (!isWhole(outputs)) return { id, inputs, outputs };
      const { lost: _, ...known } = outputs;
      const lost = await lossOf(known, deps, context);
      if (lost === undefined) return { id, inputs, outputs: known };
      if (isExpired({ ...known, ttlDays: inputs.ttlDays }, deps.now())) return { id, inputs, outputs: known };
      // Keep the resource: only the state knows what was staged.
      return { id, inputs, outputs: { ...known, lost } };
    },

    async delete(_id, outputs, context) {
      const ownDeps = withTimeout(deps, outputs, context);
      await deleteIn(outputs, ownDeps, context);
      // Delete replicas that no replication resource owns: the update failed before it created the resource, or the rule
      // replicated after its timeout.
      for (const other of REGIONS.filter((candidate) => outputs.replicateTo.includes(candidate))) {
        const destination = await explained(`reading the replication rules of ${outputs.bucket}`, () =>
          replicationDestination(targetIn(ownDeps, outputs, context), other),
        );
        if (destination !== undefined)
          await deleteIn({ ...outputs, region: other, bucket: destination }, ownDeps, context);
      }
    },
  });
}

/** Refuses the ID of another stack's entry, whose objects a creation would overwrite, and a deletion would delete. */
async function takenId(
  { stagingId, recordsTable, recordsRegion }: Properties,
  dynamo: DynamoClients,
  { signal }: CallContext,
): Promise<CheckFailure[]> {
  if (typeof stagingId !== "string" || typeof recordsTable !== "string" || typeof recordsRegion !== "string")
    return [];
  const record = await explained(`reading the record of ${stagingId}`, () =>
    readRecord(dynamo(recordsRegion), recordsTable, stagingId, signal),
  );
  if (record === undefined) return [];
  const error = new InputError(`${stagingId} exists already, and this stack does not have it`, {
    why: "It was ejected from this stack, or its state was lost. An upload would overwrite its data. Nothing was changed.",
    fix: (_spell, command) =>
      `To stage other data, give the item another name. To declare the existing entry, remove the item and run: ${command(`spawn stage adopt ${stagingId}`)}`,
  });
  return [checkFailure("stagingId", error)];
}

/** Why the staged data are incomplete; undefined if they are whole. @throws UserError if the region is unreachable */
async function lossOf(
  outputs: StagedDataOutputs,
  deps: Dependencies,
  { signal }: CallContext,
): Promise<string | undefined> {
  const { region, bucket, key } = outputs;
  const copy = { region, bucket, store: deps.s3.store(region) };
  const [found] = await checkPresence(outputs, [copy], signal);
  if (found?.state === "unreachable")
    throw new UserError(`reading s3://${bucket}/${key} failed`, { why: `${found.why}.` });
  return found?.state === "whole" ? undefined : (found?.why ?? "they are not whole");
}

/**
 * Stages lost data again from the source's current content. New objects expire with the remaining ones and with the replicas, so the
 * TTL still counts from the first upload.
 */
async function restage(
  id: string,
  known: StagedDataOutputs,
  inputs: StagedDataInputs,
  deps: Dependencies,
  context: CallContext,
): Promise<StagedDataOutputs> {
  const { sha256, stagingId, region, uploadedAt } = known;
  let staged: StagedDataOutputs;
  try {
    staged = await stageAs(id, inputs, deps, context, new Date(uploadedAt));
  } catch (error) {
    // The next attempt needs the time of the first upload, which only the state knows.
    if (error instanceof PartialFailure) {
      const lost = "an update that staged them again did not complete";
      throw new PartialFailure(id, { ...known, lost }, error.reason, { cause: error.cause });
    }
    if (!(error instanceof InputError)) throw error;
    throw new UserError(
      `the data of ${stagingId} in ${region} are lost, and their source cannot be staged again`,
      {
        why: (spell, command) => describeError(error.spelled(spell).inEnvironment(command)),
        fix: (_spell, command) =>
          `${command(`spawn stage repair ${stagingId}`)}, which copies them from another region`,
        cause: error,
      },
    );
  }
  if (staged.sha256 !== sha256) {
    context.log(
      "warning",
      `The data of ${stagingId} in ${region} were lost, and ${inputs.source} has changed since. It is staged as it is now.`,
    );
  }
  return { ...staged, uploadedAt };
}

async function sourceOf(
  inputs: StagedDataInputs,
  deps: Dependencies,
  signal: AbortSignal,
): Promise<MeasuredSource> {
  const { source, name, exclude = [], followLinks = false, noSha256 = false } = inputs;
  const { stagingId, bucket, environmentBuckets = [] } = inputs;
  if (noSha256) assertOnS3(source);
  refuseOverlap({ source, exclude, id: stagingId }, [bucket, ...environmentBuckets]);
  const { requestPayer = false } = inputs;
  if (requestPayer) assertRequestPayer(source);
  // The owner of a source bucket is unknown, unless it is a bucket of this environment.
  const isOwn = isS3Url(source) && [bucket, ...environmentBuckets].includes(parseS3Url(source).bucket);
  const clients = isOwn ? deps.s3 : clientsOfAnyOwner(deps.s3);
  const options = {
    exclude,
    followLinks,
    entryId: stagingId,
    threads: deps.plane.files,
    clients,
    requestPayer,
    signal,
  };
  if (name === undefined) return measureSource(source, options);
  const filename = parseFilename(name);
  const measured = await measureSource(source, { ...options, name: filename });
  return { ...measured, source: renamed(measured.source, filename) };
}

/** The source with the name that the user chose for its data. */
const renamed = (source: Source, filename: string): Source =>
  source.kind === "file"
    ? { ...source, filename, file: { ...source.file, path: filename } }
    : { ...source, filename };

type Size = Pick<StagedDataOutputs, "sizeBytes" | "fileCount">;

const transferOf = ({ region, replicaRegions = [], ttlDays }: StagedDataInputs, size: Size): Transfer => ({
  ...{ sizeBytes: size.sizeBytes, fileCount: size.fileCount ?? 1, ttlDays },
  regions: [region, ...replicaRegions],
});

/** Whether the creation completed; an interrupted one has its inputs as outputs. */
const isWhole = (outputs: Partial<StagedDataOutputs>): boolean => outputs.uploadedAt !== undefined;

/**
 * Uploads missing objects.
 * @param begun start of the TTL of new objects. @default now
 * @throws PartialFailure once the bucket may hold objects
 */
async function stageAs(
  id: string,
  inputs: StagedDataInputs,
  shared: Dependencies,
  context: CallContext,
  begun?: Date,
): Promise<StagedDataOutputs> {
  const deps = withTimeout(shared, inputs, context);
  const { source, version } = await sourceOf(inputs, deps, context.signal);
  await waitUntilWritable(inputs, deps, context);
  const doing = { what: "upload", region: inputs.region, bucket: inputs.bucket } as const;
  try {
    return { ...(await stageSource(inputs, source, deps, context, begun)), sourceVersion: version };
  } catch (error) {
    // The copy of one object was refused before its first request. Other data may have been uploaded in part.
    if (error instanceof InputError && source.kind === "file" && source.file.from === "s3") throw error;
    if (isNoSuchBucket(error)) throw explainAwsError(error, doing);
    throw partialFailure(id, inputs, error, doing, context.signal);
  }
}

/** The source may have changed since the program compared it. @throws UserError if the staged content is not the expected one */
function refuseOther({ source, expectedSha256 }: StagedDataInputs, found: string): void {
  if (expectedSha256 === undefined || expectedSha256 === found) return;
  throw new UserError(`${source} changed before it was staged: its SHA-256 is ${found}`, {
    why: `The item pins ${expectedSha256}. The entry is incomplete, and has no record.`,
    fix: "Restore the content, or change sha256 of the item. Then run the same command again.",
  });
}

async function stageSource(
  inputs: StagedDataInputs,
  source: Source,
  deps: Dependencies,
  context: CallContext,
  begun = deps.now(),
): Promise<StagedDataOutputs> {
  const { bucket, region, stagingId, noSha256 = false, multipart = false } = inputs;
  const tags = primaryTags(
    parseStagingId(stagingId),
    parseTtlDays(inputs.ttlDays),
    inputs.replicateTo.map(parseRegion),
    inputs.readersTag,
  );
  const target = { store: deps.s3.store(region), bucket, stagingId, tags, begun };
  const staged = await stage(source, target, {
    ...{ plane: deps.plane, signal: context.signal, noSha256, multipart },
    report: (phase, totals) => reportTo(context, { phase, region, ...totals }),
    onChanges: (message) => context.log("info", message),
  });
  refuseOther(inputs, staged.sha256);
  return { ...inputs, ...staged, estimatedCost: estimatedCost(transferOf(inputs, staged)) };
}
