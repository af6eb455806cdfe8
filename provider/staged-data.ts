import { isNoSuchBucket } from "../connection/errors/kinds.ts";
import { primaryTags } from "../staging/classes.ts";
import { describeError, InputError, UserError } from "../staging/errors.ts";
import { parseFilename } from "../staging/filename.ts";
import { parseStagingId } from "../staging/ids.ts";
import { manifestKey, NO_SHA256, objectKey } from "../staging/manifest.ts";
import { refuseOverlap } from "../staging/overlap.ts";
import { parseRegion, REGIONS } from "../staging/regions.ts";
import { stagedDataResource } from "../staging/resources/staged-data.ts";
import type { StagedDataInputs, StagedDataOutputs } from "../staging/resources.ts";
import { assertOnS3, assertRequestPayer, isS3Url, parseS3Url } from "../staging/s3-url.ts";
import { isoSeconds, parseTtlDays } from "../staging/ttl.ts";
import { type Dependencies, reportTo, withTimeout } from "./deps.ts";
import { isExpired } from "./expired.ts";
import { partialFailure } from "./partial.ts";
import { declaredResource } from "./plugin/declared.ts";
import type { CallContext, ResourceHandler } from "./plugin/types.ts";
import { isUnknown } from "./plugin/values.ts";
import { replicationDestination } from "./rules/in-force.ts";
import { clientsOfAnyOwner } from "./store/any-owner.ts";
import { explainAwsError, explained } from "./store/explain.ts";
import { ageingTags } from "./transfer/copy/ageing-tags.ts";
import { deleteEntry } from "./transfer/delete.ts";
import { putFileManifest } from "./transfer/manifest/object.ts";
import { findSource } from "./transfer/source/find.ts";
import type { DirectorySource, FileSource, Source } from "./transfer/source/source.ts";
import { type StageOptions, stageFile } from "./transfer/upload/file.ts";
import { manifestFile, stageTree, type TreeTarget, treePrefix } from "./transfer/upload/tree.ts";
import { checkPresence } from "./transfer/verify/check.ts";
import { waitUntilWritable } from "./writable.ts";

/** The entry's objects in its primary region: the source's bytes and the manifest beside them. */
export function stagedData(deps: Dependencies): ResourceHandler<StagedDataInputs, StagedDataOutputs> {
  return declaredResource(stagedDataResource, {
    // Once the data are staged, their source may go.
    async check(news, olds, context) {
      const source = news["source"];
      if (olds !== undefined || typeof source !== "string" || isUnknown(source)) return [];
      try {
        const found = await sourceOf(news as unknown as StagedDataInputs, deps, context.signal);
        if (found.kind === "directory") {
          for (const warning of found.warnings) context.log("warning", warning);
        }
        return [];
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        return [{ property: "source", reason: describeError(error), error }];
      }
    },

    // An update completes a creation that failed half way, even after a refresh, which clears the engine's note of it.
    pending: (outputs) => (isWhole(outputs) && outputs.lost === undefined ? [] : ["source"]),

    async create(inputs, context) {
      const id = `${inputs.region}/${inputs.stagingId}`;
      return { id, outputs: await stageAs(id, inputs, deps, context) };
    },

    async update(id, oldOutputs, news, context) {
      if (!isWhole(oldOutputs)) return stageAs(id, news, deps, context);
      const { lost, ...outputs } = oldOutputs;
      const same = { ...outputs, ...news };
      // They may have come back: `spawn stage repair` copies them from another region.
      if (lost === undefined || (await lossOf(outputs, deps, context)) === undefined) return same;
      // They may have expired since the refresh that found them lost.
      if (isExpired(same, deps.now())) return same;
      return restage(id, outputs, news, deps, context);
    },

    async read(id, inputs, outputs, context) {
      if (inputs === undefined || outputs === undefined) {
        throw new InputError(`${id} cannot be imported`, {
          why: "What was staged, and from where, is not recorded in S3.",
          fix: "Stage the data again: spawn stage upload",
        });
      }
      // A creation that failed half way has nothing to look for; the next update goes on with it.
      if (!isWhole(outputs)) return { id, inputs, outputs };
      const { lost: _, ...known } = outputs;
      const lost = await lossOf(known, deps, context);
      if (lost === undefined) return { id, inputs, outputs: known };
      if (isExpired({ ...known, ttlDays: inputs.ttlDays }, deps.now())) return { id, inputs, outputs: known };
      // Not forgotten: what was staged is known here only.
      return { id, inputs, outputs: { ...known, lost } };
    },

    async delete(_id, outputs, context) {
      const { region, bucket } = outputs;
      const own = withTimeout(deps, outputs, context);
      await deleteIn(region, bucket, outputs, own, context);
      // Where an update ended before the replication resources were made, or S3 was slower than they waited for, the
      // rules' replicas are nobody else's.
      for (const other of REGIONS.filter((candidate) => outputs.replicateTo.includes(candidate))) {
        const check = { client: own.s3.of(region), bucket, signal: context.signal };
        const destination = await explained(`reading the replication rules of ${bucket}`, () =>
          replicationDestination(check, other),
        );
        if (destination !== undefined) await deleteIn(other, destination, outputs, own, context);
      }
    },
  });
}

/** Why the data are not there as they were staged; undefined where they are. @throws UserError where the region cannot be asked */
async function lossOf(
  outputs: StagedDataOutputs,
  deps: Dependencies,
  { signal }: CallContext,
): Promise<string | undefined> {
  const { region, bucket, key } = outputs;
  const copy = { region, bucket, client: deps.s3.of(region) };
  const [found] = await checkPresence(outputs, [copy], signal);
  if (found?.state === "unreachable")
    throw new UserError(`reading s3://${bucket}/${key} failed`, { why: `${found.why}.` });
  return found?.state === "whole" ? undefined : (found?.why ?? "they are not whole");
}

/** Stages what was lost again from its source, as that is now. What is made again expires with what is left. */
async function restage(
  id: string,
  { sha256, stagingId, region, uploadedAt }: StagedDataOutputs,
  inputs: StagedDataInputs,
  deps: Dependencies,
  context: CallContext,
): Promise<StagedDataOutputs> {
  let staged: StagedDataOutputs;
  try {
    staged = await stageAs(id, inputs, deps, context, new Date(uploadedAt));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new UserError(
      `the data of ${stagingId} in ${region} are lost, and their source cannot be staged again`,
      {
        why: describeError(error),
        fix: `spawn stage repair ${stagingId}, which copies them from another region`,
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
  return staged;
}

async function deleteIn(
  region: string,
  bucket: string,
  { stagingId }: StagedDataOutputs,
  deps: Dependencies,
  context: CallContext,
): Promise<void> {
  const progress = reportTo(context, { phase: "delete", region, total: 0, objectsTotal: 0 });
  await explained(`deleting ${stagingId} in ${region}`, () =>
    deleteEntry(deps.s3.of(region), bucket, stagingId, {
      signal: context.signal,
      onDeleted: (count) => progress.add(count),
    }),
  );
  progress.finish();
}

async function sourceOf(inputs: StagedDataInputs, deps: Dependencies, signal: AbortSignal): Promise<Source> {
  const { source, name, exclude = [], followLinks = false, noSha256 = false } = inputs;
  const { stagingId, bucket, environmentBuckets = [] } = inputs;
  if (noSha256) assertOnS3(source);
  refuseOverlap({ source, exclude, id: stagingId }, [bucket, ...environmentBuckets]);
  const { requestPayer = false } = inputs;
  if (requestPayer) assertRequestPayer(source);
  // The user names the source. Only a bucket of the environment has an owner that is known.
  const isOwn = isS3Url(source) && [bucket, ...environmentBuckets].includes(parseS3Url(source).bucket);
  const clients = isOwn ? deps.s3 : clientsOfAnyOwner(deps.s3);
  const options = { exclude, followLinks, entryId: stagingId, clients, requestPayer, signal };
  if (name === undefined) return findSource(source, options);
  const filename = parseFilename(name);
  return renamed(await findSource(source, { ...options, name: filename }), filename);
}

/** The source under the name that its data are to have. */
const renamed = (source: Source, filename: string): Source =>
  source.kind === "file"
    ? { ...source, filename, file: { ...source.file, path: filename } }
    : { ...source, filename };

/** Whether the creation got to its end; one that failed half way has the inputs as its outputs. */
const isWhole = (outputs: Partial<StagedDataOutputs>): boolean => outputs.uploadedAt !== undefined;

/** @param begun from when on the TTL of what is made counts. @default now */
async function stageAs(
  id: string,
  inputs: StagedDataInputs,
  deps: Dependencies,
  context: CallContext,
  begun?: Date,
): Promise<StagedDataOutputs> {
  const own = withTimeout(deps, inputs, context);
  const source = await sourceOf(inputs, own, context.signal);
  await waitUntilWritable(inputs, own, context);
  return stage(id, inputs, source, own, context, begun);
}

/** Sends what isn't there yet. @throws PartialFailure once the bucket may hold some of it */
async function stage(
  id: string,
  inputs: StagedDataInputs,
  source: Source,
  deps: Dependencies,
  context: CallContext,
  begun?: Date,
): Promise<StagedDataOutputs> {
  const doing = { what: "upload", region: inputs.region, bucket: inputs.bucket } as const;
  try {
    return await stageSource(inputs, source, deps, context, begun);
  } catch (error) {
    // Of a directory some may have been sent by then.
    if (error instanceof InputError && source.kind === "file") throw error;
    if (isNoSuchBucket(error)) throw explainAwsError(error, doing);
    throw partialFailure(id, inputs, error, doing, context.signal);
  }
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
  const target = { client: deps.s3.of(region), bucket, tags: ageingTags(tags, begun) };
  const options = { pool: deps.pool, signal: context.signal, noSha256, multipart };
  const facts =
    source.kind === "file"
      ? await stageOne(source, { ...target, stagingId }, options, region, context)
      : await stageMany(source, { ...target, stagingId }, options, region, context);
  const { filename, kind } = source;
  return { ...inputs, filename, kind, ...facts, manifestKey: manifestKey(stagingId) };
}

type Facts = Omit<StagedDataOutputs, keyof StagedDataInputs | "filename" | "kind" | "manifestKey">;

async function stageOne(
  { file }: FileSource,
  target: TreeTarget,
  options: Omit<StageOptions, "report">,
  region: string,
  context: CallContext,
): Promise<Facts> {
  const { stagingId } = target;
  const key = objectKey(stagingId, file.path);
  const staged = await stageFile(
    file,
    { ...target, tags: target.tags(), key },
    {
      ...options,
      report: (phase) => reportTo(context, { phase, region, total: file.size, objectsTotal: 1 }),
    },
  );
  const manifestSha256 = await putFileManifest(
    manifestFile(file, staged.sha256),
    { ...target, tags: target.tags(), key: manifestKey(stagingId) },
    options.signal,
  );
  return {
    key,
    sizeBytes: file.size,
    fileCount: 1,
    sha256: staged.sha256 ?? NO_SHA256,
    manifestSha256,
    partSizeBytes: staged.partSize,
    uploadedAt: isoSeconds(staged.lastModified),
  };
}

async function stageMany(
  source: DirectorySource,
  target: TreeTarget,
  options: Omit<StageOptions, "report">,
  region: string,
  context: CallContext,
): Promise<Facts> {
  const totals = { total: source.sizeBytes, objectsTotal: source.fileCount };
  const progress = reportTo(context, { phase: "upload", region, ...totals });
  const ofOneFile = {
    add: (bytes: number) => progress.add(bytes),
    objectDone: () => progress.objectDone(),
    finish: () => {},
  };
  const staged = await stageTree(source, target, { ...options, report: () => ofOneFile });
  progress.finish();
  if (staged.changes.message !== undefined) context.log("info", staged.changes.message);
  return {
    key: treePrefix(source, target),
    ...{ sizeBytes: source.sizeBytes, fileCount: source.fileCount },
    sha256: options.noSha256 === true ? NO_SHA256 : staged.manifestSha256,
    manifestSha256: staged.manifestSha256,
    partSizeBytes: staged.partSize,
    uploadedAt: isoSeconds(staged.firstModified),
  };
}
