import { QueryCommand } from "@aws-sdk/client-dynamodb";
import type { EntrySpec } from "../../../../staging/entry.ts";
import { NO_SHA256 } from "../../../../staging/manifest.ts";
import {
  RECORD_KIND,
  RECORD_KIND_ATTRIBUTE,
  type StagingRecord,
  UPLOADED_INDEX,
} from "../../../../staging/record.ts";
import { reuseMismatch } from "../../../../staging/reuse.ts";
import { isS3Url } from "../../../../staging/s3-url.ts";
import type { Context } from "../../../context.ts";
import { itemPages } from "../../common/items.ts";
import { serverTime } from "../../common/server-time.ts";
import { damageIn } from "../presence.ts";
import { readRecord, undefinedIfCorrupt } from "../records.ts";
import { findUploaded } from "./same-upload.ts";
import type { InspectedSource } from "./source.ts";

/** An entry that replaces an upload, or why none does. */
type Reuse = { readonly record: StagingRecord } | { readonly why: string };

/**
 * Searches for an entry to use in place of an upload (`--reuse`). Equal sizes, times or names are not enough: it computes the
 * SHA-256 of a local source. It does not read a source on S3: it compares the ETags with those of an earlier upload of the same
 * object or prefix from this machine. It checks the copies of the entry in every requested region.
 */
export async function findReusable(
  context: Pick<Context, "anyBucketsS3" | "environmentName" | "s3" | "store" | "tables">,
  wanted: EntrySpec,
  source: InspectedSource,
  signal: AbortSignal,
): Promise<Reuse> {
  const candidates = isS3Url(wanted.source)
    ? (await findUploaded(context, wanted, source)).map(({ record }) => record)
    : await withSameContent(context, wanted, source, signal);
  if (candidates.length === 0) {
    return {
      why: isS3Url(wanted.source)
        ? "no entry is known to be of the same version of it"
        : "no entry has the same SHA-256",
    };
  }
  const now = await serverTime(context);
  const reasons: string[] = [];
  for (const record of candidates) {
    const why = await unfit(context, record, wanted, now, signal);
    if (why === undefined) return { record };
    reasons.push(`${record.stagingId} does not fit: ${why}`);
  }
  return { why: reasons.join("; ") };
}

async function unfit(
  context: Pick<Context, "anyBucketsS3" | "s3" | "store">,
  record: StagingRecord,
  wanted: EntrySpec,
  now: Date,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (record.sha256 === NO_SHA256 && !wanted.noSha256) return "its SHA-256 was not computed";
  return reuseMismatch(record, wanted, now) ?? (await damageIn(context, record, wanted.regions, signal));
}

/** Entries of the environment with the content of a local source, the newest first. */
async function withSameContent(
  context: Pick<Context, "environmentName" | "tables">,
  wanted: EntrySpec,
  source: InspectedSource,
  signal: AbortSignal,
): Promise<StagingRecord[]> {
  const [bySize, own] = await Promise.all([
    recordsOfSize(context, source),
    // The index lags behind the table.
    findUploaded(context, wanted, source),
  ]);
  const earlier = own.map(({ record }) => record);
  const all = new Map([...bySize, ...earlier].map((record) => [record.stagingId, record]));
  // If no entry has the size, nothing is read.
  if (all.size === 0) return [];
  const { exclude, followLinks } = wanted;
  const [{ hashContent }, { FileThreads }] = await Promise.all([
    import("../../../../provider/transfer/manifest/content.ts"),
    import("../../../../provider/transfer/source/file-threads.ts"),
  ]);
  const { sha256 } = await hashContent(wanted.source, {
    threads: new FileThreads(),
    exclude,
    followLinks,
    signal,
  });
  const same = [...all.values()].filter((record) => record.sha256 === sha256);
  return same.sort((a, b) => b.uploadedAt.getTime() - a.uploadedAt.getTime());
}

async function recordsOfSize(
  context: Pick<Context, "tables">,
  { sizeBytes, fileCount }: InspectedSource,
): Promise<StagingRecord[]> {
  const tables = await context.tables();
  const { client, settings } = tables;
  const records: StagingRecord[] = [];
  const pages = itemPages((start) =>
    client.send(
      new QueryCommand({
        TableName: settings.recordsTable,
        IndexName: UPLOADED_INDEX,
        KeyConditionExpression: "#record = :record",
        FilterExpression: "#size = :size AND #kind = :kind",
        ExpressionAttributeNames: {
          "#record": RECORD_KIND_ATTRIBUTE,
          "#size": "size_bytes",
          "#kind": "kind",
        },
        ExpressionAttributeValues: {
          ":record": { S: RECORD_KIND },
          ":size": { N: String(sizeBytes) },
          ":kind": { S: fileCount === undefined ? "file" : "directory" },
        },
        ...start,
      }),
    ),
  );
  for await (const page of pages) {
    for (const item of page) {
      // `stage list` reports a corrupt record; here it is ignored.
      const record = await undefinedIfCorrupt(readRecord(tables, item));
      if (record !== undefined) records.push(record);
    }
  }
  return records;
}
