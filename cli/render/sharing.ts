import { type AccessPoint, accountOfArn } from "../../staging/accounts.ts";
import { readerPolicy, type SharedEntry } from "../../staging/reader-policy.ts";
import type { StagingRecord } from "../../staging/record.ts";
import { shellQuoted } from "../../staging/shell.ts";

/** An entry that other accounts may read. */
export interface Sharing extends SharedEntry {
  readonly destination: string;
  /** Those accounts; empty for an entry that is not shared. */
  readonly allowAccounts: readonly string[];
}

/** By the entry's record; its points are in the order of its regions. */
export function sharingOf(record: StagingRecord): Sharing {
  const accessPoints = new Map<string, AccessPoint>();
  for (const region of record.regions) {
    const point = record.accessPoints.get(region);
    if (point !== undefined) accessPoints.set(region, point);
  }
  return { ...record, accessPoints };
}

/** With whom an entry is shared, by what they read it, and all that they have to do for it; nothing for one that is not shared. */
export function sharingLines(sharing: Sharing): string[] {
  const { allowAccounts, accessPoints } = sharing;
  if (allowAccounts.length === 0) return [];
  return [
    `Shared with: ${allowAccounts.join(", ")}`,
    ...[...accessPoints].map(([region, { arn }]) => `  ${region}: ${arn}`),
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
