import { NO_SHA256 } from "../../staging/manifest.ts";
import { formatMoney } from "../../staging/money.ts";
import type { StagingRecord } from "../../staging/record.ts";
import type { Region } from "../../staging/regions.ts";
import { environmentOfStack } from "../../staging/stack-name.ts";
import { expiresAt, removalMidnight } from "../../staging/ttl.ts";
import { formatBytes, formatInteger } from "../../staging/units.ts";
import type { UsageRow } from "../../staging/usage.ts";
import { commandLine } from "../command-line.ts";
import { textOf } from "../screen.ts";
import type { Spending } from "../services/cost/spending.ts";
import { location } from "../services/entry/metadata.ts";
import { describeState, type RegionPresence } from "../services/entry/presence.ts";
import type { EntryReport } from "../services/entry/report.ts";
import type { LifecycleRules } from "../services/environment/lifecycle.ts";
import { sharingLines, sharingOf } from "./sharing.ts";
import { formatShare, formatUtc, plural } from "./text.ts";

/** The facts of an entry for `stage info`. */
export function renderDetails(report: EntryReport): string {
  const { record, spending, rules, presence, now } = report;
  const { usage } = report.row;
  const expiry = expiresAt(record.uploadedAt, record.ttl);
  return textOf([
    `Staging ID: ${record.stagingId}`,
    ...fileLines(record),
    `SHA256: ${sha256Of(record)}`,
    `Uploaded: ${formatUtc(record.uploadedAt)}`,
    `Expires: ${formatUtc(expiry)} (${expiry <= now ? "expired" : plural(record.ttl, "day")})`,
    ...(report.deleting === true
      ? [
          `Status: deleting (incomplete deletion: ${commandLine(`spawn stage delete ${record.stagingId}`, environmentOfStack(record.stack))})`,
        ]
      : []),
    `Sweep ID: ${record.sweepId ?? "-"}`,
    ...(record.declaredAs === undefined
      ? []
      : [`Declared as: ${record.declaredAs} (in the configuration of stack ${record.stack})`]),
    "",
    "Regions:",
    ...record.regions.map((region) => `  ${region}: ${location(record, region)}`),
    "",
    "Data:",
    ...presence.map(stateLine),
    "",
    `Destination: ${record.destination}`,
    "",
    "Lifecycle Rules:",
    ...record.regions.map((region) => `  ${region}: ${ruleIn(region, record, rules)}`),
    "",
    ...sharingLines(sharingOf(record)),
    ...usageLines(record, usage),
    "Cost Summary:",
    `  Replication: ${formatMoney(spending.replication)}`,
    `  Storage (to date): ${formatMoney(spending.storageToDate)}`,
    `  Total: ${formatMoney(spending.total)}`,
    "",
    "Savings:",
    `  vs. direct downloads: ${comparison(spending)}`,
    "",
  ]);
}

const stateLine = ({ region, state, why }: RegionPresence): string =>
  `  ${region}: ${describeState(state)}${why === undefined ? "" : ` (${why})`}`;

/** The active rule, and the time at which S3 deletes the objects. */
function ruleIn(region: Region, { uploadedAt, ttl }: StagingRecord, rules: LifecycleRules): string {
  const rule = rules.get(region);
  if (rule === undefined) return "none known";
  return `${rule} (removes on ${formatUtc(removalMidnight(uploadedAt, ttl))})`;
}

function sha256Of({ sha256, kind }: StagingRecord): string {
  if (sha256 === NO_SHA256) return "not computed (--no-sha256)";
  return kind === "directory" ? `${sha256} (of the manifest)` : sha256;
}

function fileLines(record: StagingRecord): string[] {
  const size = `Size: ${formatBytes(record.sizeBytes)} (${formatInteger(record.sizeBytes)} bytes)`;
  return record.kind === "file"
    ? [`File: ${record.filename}`, size]
    : [`Directory: ${record.filename}/ (${plural(record.fileCount, "file")})`, size];
}

function usageLines(record: StagingRecord, usage: UsageRow): string[] {
  // The entry's own regions in their order, then all other regions of instances.
  const others = Object.keys(usage.instancesByRegion).filter(
    (region) => !(record.regions as readonly string[]).includes(region),
  );
  const counts = [...record.regions, ...others.sort()]
    .map((region) => [region, usage.instancesByRegion[region] ?? 0] as const)
    .filter(([, count]) => count > 0);
  return [
    `Instances Using Data: ${formatInteger(usage.instanceCount)}`,
    ...counts.map(([region, count]) => `  ${region}: ${plural(count, "instance")}`),
    "",
  ];
}

function comparison({ compared, remoteInstances }: Spending): string {
  if (compared.share === undefined) return "none yet (no instance outside the primary region)";
  const direct = formatMoney(compared.direct);
  return compared.saved > 0
    ? `${direct} (${formatShare(compared.share)} savings)`
    : `${direct} (no savings yet with ${plural(remoteInstances, "instance")} outside the primary region)`;
}
