import { type AccessPoint, accountOfArn } from "../../staging/accounts.ts";
import { readerPolicy, type SharedEntry } from "../../staging/reader-policy.ts";
import { MAX_TAGGED_READERS } from "../../staging/readers.ts";
import type { StagingRecord } from "../../staging/record.ts";
import { shellQuoted } from "../../staging/shell.ts";

/** An entry that other accounts may read. */
export interface Sharing extends SharedEntry {
  readonly destination: string;
  /** The accounts; empty for an entry that is not shared. */
  readonly allowAccounts: readonly string[];
  /** Those of the accounts that may also read by the buckets' names. */
  readonly bucketReaders: readonly string[];
  /** The key of the file, or the prefix of the directory. */
  readonly key: string;
}

/** From the entry's record; its access points are in the order of its regions. */
export function sharingOf(record: StagingRecord): Sharing {
  const accessPoints = new Map<string, AccessPoint>();
  for (const region of record.regions) {
    const point = record.accessPoints.get(region);
    if (point !== undefined) accessPoints.set(region, point);
  }
  return { ...record, accessPoints, buckets: record.bucketReaders.length === 0 ? [] : record.buckets };
}

/** The accounts that share an entry, how they read it, and the commands for them; empty for an entry that is not shared. */
export function sharingLines(sharing: Sharing): string[] {
  const { allowAccounts, accessPoints } = sharing;
  if (allowAccounts.length === 0) return [];
  return [
    `Shared with: ${allowAccounts.join(", ")}`,
    ...[...accessPoints].map(([region, { arn }]) => `  ${region}: ${arn}`),
    ...bucketLines(sharing),
    "",
    "To use in a parameter sweep of these accounts:",
    ...commandLines(sharing).map((line) => `  ${line}`),
    "",
    "IAM policy for users who run that command, and for other instances that read the data:",
    ...JSON.stringify(readerPolicy(sharing), undefined, 2)
      .split("\n")
      .map((line) => `  ${line}`),
    "",
  ];
}

/** The accounts that read by a bucket's name, as in the guide, and the others. */
function bucketLines(sharing: Sharing): string[] {
  const { bucketReaders, buckets, key, kind } = sharing;
  const [bucket] = buckets;
  const command =
    kind === "file"
      ? `aws s3 cp ${shellQuoted(`s3://${bucket}/${key}`)} .`
      : `aws s3 sync ${shellQuoted(`s3://${bucket}/${key}`)} .`;
  return [
    ...(bucketReaders.length === 0
      ? []
      : [`Also by the bucket's name: ${bucketReaders.join(", ")}`, `  ${command}`]),
    ...pointOnlyLines(sharing),
  ];
}

/** The accounts that read through access points only, and how to change that. */
export function pointOnlyLines({
  allowAccounts,
  bucketReaders,
}: Pick<Sharing, "allowAccounts" | "bucketReaders">): string[] {
  const others = allowAccounts.filter((account) => !bucketReaders.includes(account));
  if (others.length === 0) return [];
  const why =
    bucketReaders.length < MAX_TAGGED_READERS
      ? "not in spawn:readers of the environment's settings when the data were shared"
      : `a tag has room for ${MAX_TAGGED_READERS} accounts`;
  return [`Through access points only: ${others.join(", ")} (${why})`];
}

/** One command on several lines. */
function commandLines({ stagingId, accessPoints, destination }: Sharing): string[] {
  const [first] = accessPoints.values();
  const parts = [
    "spawn launch --params sweep.yaml",
    `--stage-id ${stagingId} --stage-account ${accountOfArn(first?.arn) ?? "ACCOUNT"}`,
    ...[...accessPoints].map(([region, { alias }]) => `--stage-bucket ${shellQuoted(`${region}=${alias}`)}`),
    `--stage-dest ${shellQuoted(`${stagingId}=${destination}`)}`,
  ];
  return parts.map((part, at) => `${at === 0 ? "" : "  "}${part}${at < parts.length - 1 ? " \\" : ""}`);
}
