import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { namesIn, readTextIfThere } from "../../../../files/read.ts";
import { spawnPaths } from "../../../../local/paths.ts";
import { type EntrySpec, storedName } from "../../../../staging/entry.ts";
import { isStagingId, type StagingId } from "../../../../staging/ids.ts";
import { CorruptRecordError, type StagingRecord } from "../../../../staging/record.ts";
import { serverClock } from "../../../../staging/server-clock.ts";
import { expiresAt, isoSeconds } from "../../../../staging/ttl.ts";
import type { Context } from "../../../context.ts";
import { catchCorrupt, findRecord } from "../records.ts";
import type { MeasuredSource } from "./source-change.ts";

/*
 * The journal of completed uploads on this machine: a file named by the entry, in a folder named by a digest of the upload. So an upload
 * finds earlier ones of the same source by listing one folder. The file holds the times that programs cannot set; it is empty if an older
 * version wrote it, or if the source has no such times.
 */

/** The facts by which two uploads are the same: the source's path, size and time (not its content), regions, name and patterns. */
type SameUpload = Pick<EntrySpec, "source" | "filename" | "exclude" | "followLinks" | "regions">;

function folderOf(environment: string, spec: SameUpload, source: MeasuredSource): string {
  const { sizeBytes, fileCount = 1, version } = source;
  const identity = [
    environment,
    ...[spec.source, storedName(spec), spec.exclude, spec.followLinks ?? false, spec.regions],
    ...[sizeBytes, fileCount, version.modifiedMs ?? null, version.fingerprint ?? null],
  ];
  const digest = createHash("sha256").update(JSON.stringify(identity)).digest("hex");
  return join(spawnPaths().stacks, "uploaded", digest.slice(0, 32));
}

/** Records a whole entry. */
export async function rememberUploaded(
  environment: string,
  id: StagingId,
  spec: SameUpload,
  source: MeasuredSource,
): Promise<void> {
  const folder = folderOf(environment, spec, source);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, id), changesOf(source), { mode: 0o600 });
}

const changesOf = ({ version: { changedMs, changes = "" } }: MeasuredSource): string =>
  changedMs === undefined ? changes : String(changedMs);

/** The entry of an earlier upload of the same source. */
interface EarlierUpload {
  readonly record: StagingRecord;
  /** Whether the source has changed since without a change of its size and time. */
  readonly mayDiffer: boolean;
}

/**
 * The entries of the same upload from this machine that have not expired: those of an unchanged source first, then by expiry, the latest
 * first. Without an earlier upload it costs no request.
 */
export async function findUploaded(
  context: Pick<Context, "environmentName" | "tables">,
  spec: SameUpload,
  source: MeasuredSource,
): Promise<EarlierUpload[]> {
  const folder = folderOf(context.environmentName, spec, source);
  const ids = (await namesIn(folder)).filter(isStagingId);
  if (ids.length === 0) return [];
  const tables = await context.tables();
  const changes = changesOf(source);
  const found = await Promise.all(
    ids.map(async (id) => {
      const record = await catchCorrupt(findRecord(tables, id));
      // `stage list` reports a corrupt record; here it is ignored.
      if (record instanceof CorruptRecordError) return undefined;
      if (record === undefined) {
        // It was deleted or has expired.
        await rm(join(folder, id), { force: true });
        return undefined;
      }
      const then = (await readTextIfThere(join(folder, id))) ?? "";
      return { record, mayDiffer: then !== "" && then !== changes };
    }),
  );
  const now = serverClock.now();
  return found
    .filter((earlier) => earlier !== undefined)
    .filter(({ record }) => expiryOf(record) > now)
    .sort(
      (a, b) =>
        Number(a.mayDiffer) - Number(b.mayDiffer) ||
        expiryOf(b.record).getTime() - expiryOf(a.record).getTime(),
    );
}

/** A second upload of the same data costs as much as the first. */
export const earlierUploadNote = ({ record: twin, mayDiffer }: EarlierUpload): string =>
  mayDiffer
    ? `A source with the same path, size and time is staged as ${twin.stagingId}, until ${isoSeconds(expiryOf(twin))}. Its attributes changed since, or a program wrote to it and restored the time, so the content may differ. --reuse compares the content.`
    : `The same source is staged already as ${twin.stagingId}, until ${isoSeconds(expiryOf(twin))}. This upload makes another entry, which is paid, too; --reuse takes that one instead.`;

const expiryOf = ({ uploadedAt, ttl }: StagingRecord): Date => expiresAt(uploadedAt, ttl);
