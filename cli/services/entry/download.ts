import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { withLock } from "../../../local/lock.ts";
import { spawnPaths } from "../../../local/paths.ts";
import type { Downloaded } from "../../../provider/transfer/download/download.ts";
import { InputError, messageOf } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import type { Region } from "../../../staging/regions.ts";
import { DOWNLOAD_COUNT, USAGE_KEY } from "../../../staging/usage.ts";
import type { Context, EntryContext } from "../../context.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { explainSystemError } from "../../system-errors.ts";
import { requireRecord } from "./absent.ts";
import { expectedOf } from "./presence.ts";
import { requireRegion } from "./stage-script.ts";
import { openTransfers } from "./transfers.ts";

export interface DownloadRequest {
  readonly id: StagingId;
  /** As typed by the user. @default the entry's name, in the working folder */
  readonly path: string | undefined;
  /** @default {@link DownloadRequest.machineRegion} if the entry has data there, else its primary region */
  readonly region: Region | undefined;
  /** The region of the user's shell; it may be any text. */
  readonly machineRegion: string | undefined;
  readonly force: boolean;
}

export interface DownloadResult extends Downloaded {
  readonly record: StagingRecord;
  readonly region: Region;
  /** Absolute. */
  readonly path: string;
}

type Options = Pick<UpdateOptions, "signal" | "onProgress" | "onNote">;

/**
 * Downloads an entry to this machine: see `provider/transfer/download/download.ts`. A second download of the entry to the same path
 * waits for the first.
 * @throws InputError for an entry that does not exist, for a region without its data, for an empty path, and for files that it must not
 * replace
 */
export async function downloadEntry(
  context: EntryContext,
  request: DownloadRequest,
  { signal = new AbortController().signal, onProgress, onNote }: Options,
): Promise<DownloadResult> {
  if (request.path === "") {
    throw new InputError("the destination is empty", {
      why: "The path is an empty text.",
      fix: "If it comes from a variable, check that the variable is set. Without a path, the entry's own name is used.",
    });
  }
  const record = await requireRecord(context, request.id);
  const { region, path } = await endsOf(record, request, context.environmentName, onNote);
  const [{ download }, { ProgressReporter }, { plane, store, close }] = await Promise.all([
    import("../../../provider/transfer/download/download.ts"),
    import("../../../provider/flow/progress.ts"),
    openTransfers(context),
  ]);
  const bucket = record.buckets[record.regions.indexOf(region)] ?? "";
  const key = createHash("sha256").update(`${record.stagingId} ${path}`).digest("hex").slice(0, 24);
  const lock = join(spawnPaths().stacks, "downloads", `${key}.lock`);
  const onWait = () => onNote?.(`Waiting for another download of ${request.id} to ${path}…`, "info");
  try {
    const objects = await store(region);
    const done = await withLock(lock, { signal, onWait }, async () => {
      const progress = new ProgressReporter(
        { phase: "download", region, total: record.sizeBytes, objectsTotal: record.fileCount },
        (_text, report) => onProgress?.(report, region),
      );
      const downloaded = await explainedTo(path, region, () =>
        download(
          {
            expected: expectedOf(record),
            copy: { region, bucket, store: objects },
            path,
            force: request.force,
          },
          {
            ...{ plane, signal },
            onBytes: (bytes) => progress.add(bytes),
            onObject: () => progress.objectDone(),
          },
        ),
      );
      progress.finish();
      return downloaded;
    });
    if (done.downloadedFiles > 0) await countDownload(context, request.id, onNote);
    return { ...done, record, region, path };
  } finally {
    close();
  }
}

/** Runs a download, and explains its errors: those of the disk of `path`, else those of S3. */
export async function explainedTo<T>(path: string, region: Region, work: () => Promise<T>): Promise<T> {
  const { explained } = await import("../../../provider/store/explain.ts");
  return await explained(`download from ${region}`, () =>
    work().catch((error: unknown) => {
      throw explainSystemError(error, dirname(path)) ?? error;
    }),
  );
}

/**
 * The region that the data come from, and the absolute path that they go to.
 * @throws InputError for a region without the data
 */
export const endsOf = async (
  record: StagingRecord,
  request: Omit<DownloadRequest, "id">,
  environment: string,
  onNote: Options["onNote"],
): Promise<Pick<DownloadResult, "region" | "path">> => ({
  region: regionFor(record, request, environment, onNote),
  path: await pathFor(record, request.path),
});

function regionFor(
  record: StagingRecord,
  { region, machineRegion }: Pick<DownloadRequest, "region" | "machineRegion">,
  environment: string,
  onNote: Options["onNote"],
): Region {
  if (region !== undefined) {
    requireRegion(record, region, environment);
    return region;
  }
  const [primary] = record.regions;
  if (!machineRegion) return primary;
  const own = record.regions.find((one) => one === machineRegion);
  if (own === undefined) {
    const text = `${record.stagingId} has no data in ${machineRegion}; they come from ${primary}. AWS charges for the transfer between regions.`;
    onNote?.(text, "warning");
  }
  return own ?? primary;
}

/** A single file goes into an existing directory, as with cp. */
async function pathFor({ filename, kind }: StagingRecord, path: string | undefined): Promise<string> {
  const full = resolve(path ?? filename);
  if (kind === "directory" || path === undefined) return full;
  const isFolder =
    path.endsWith("/") ||
    (await stat(full).then(
      (found) => found.isDirectory(),
      () => false,
    ));
  return isFolder ? join(full, filename) : full;
}

/**
 * Counts the download in the usage row, but not as an instance: savings count instances in the region of their data. If the row
 * cannot be written, the download is complete nevertheless.
 */
export async function countDownload(
  context: Pick<Context, "tables">,
  id: StagingId,
  onNote: Options["onNote"],
): Promise<void> {
  try {
    const { client, settings } = await context.tables();
    await client.send(
      new UpdateItemCommand({
        TableName: settings.usageTable,
        Key: { [USAGE_KEY]: { S: id } },
        UpdateExpression: "ADD #count :one",
        ConditionExpression: "attribute_exists(#id)",
        ExpressionAttributeNames: { "#count": DOWNLOAD_COUNT, "#id": USAGE_KEY },
        ExpressionAttributeValues: { ":one": { N: "1" } },
      }),
    );
  } catch (error) {
    onNote?.(`The download is complete, but it could not be counted: ${messageOf(error)}`, "warning");
  }
}

/** The region of the user's shell, read before the local cloud replaces the AWS variables. */
export const regionOfShell = (env: NodeJS.ProcessEnv = process.env): string | undefined =>
  env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || undefined;
