import { type AccessPoint, accountOfArn } from "../../staging/accounts.ts";
import { readerPolicy, type SharedEntry } from "../../staging/reader-policy.ts";
import { MAX_TAGGED_READERS } from "../../staging/readers.ts";
import type { StagingRecord } from "../../staging/record.ts";
import { shellQuoted } from "../../staging/shell.ts";

/** An entry that other accounts may read. */
export interface Sharing extends SharedEntry {
  readonly destination: string;
  /** Those accounts; empty for an entry that is not shared. */
  readonly allowAccounts: readonly string[];
  /** Those of them that read by the buckets' names, too. */
  readonly bucketReaders: readonly string[];
  /** The key of the file, or the prefix of the directory. */
  readonly key: string;
}

/** By the entry's record; its points are in the order of its regions. */
export function sharingOf(record: StagingRecord): Sharing {
  const accessPoints = new Map<string, AccessPoint>();
  for (const region of record.regions) {
    const point = record.accessPoints.get(region);
    if (point !== undefined) accessPoints.set(region, point);
  }
  return { ...record, accessPoints, buckets: record.bucketReaders.length === 0 ? [] : record.buckets };
}

/** With whom an entry is shared, by what they read it, and all that they have to do for it; nothing for one that is not shared. */
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
    "IAM policy for whoever runs that command, and for other instances that read the data:",
    ...JSON.stringify(readerPolicy(sharing), undefined, 2)
      .split("\n")
      .map((line) => `  ${line}`),
    "",
  ];
}

/** Who reads by a bucket's name, as the guide has it, and who does not. */
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
      : [`By the bucket's name, too: ${bucketReaders.join(", ")}`, `  ${command}`]),
    ...pointOnlyLines(sharing),
  ];
}

/** The accounts that read by access points only, and what changes that. */
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
  return [`By access points only: ${others.join(", ")} (${why})`];
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
