import { directCost, savings, stagingCost } from "../../staging/cost.ts";
import type { StagingId } from "../../staging/ids.ts";
import { formatMoney, type MicroDollars } from "../../staging/money.ts";
import { GUIDE_PRICES } from "../../staging/price-book.ts";
import { expiresAt, type TtlDays } from "../../staging/ttl.ts";
import { formatBytes } from "../../staging/units.ts";
import { commandLine } from "../command-line.ts";
import { type Sharing, sharingLines } from "./sharing.ts";
import { compactBytes, formatFineMoney, formatShare, formatUtcDay, plural, priceRange } from "./text.ts";

/** The facts shown before an upload. */
export interface UploadPlan {
  readonly filename: string;
  readonly sizeBytes: number;
  /** Files of a directory; undefined for a single file. */
  readonly fileCount?: number | undefined;
  readonly regions: readonly string[];
  readonly destination: string;
  /** Whether the account of the credentials pays for reading the source. */
  readonly requestPayer?: boolean | undefined;
}

/** The charges of a requester. No price book has figures for them: they depend on the source's region and its storage class. */
export const REQUESTER_PAYS =
  "Requester pays: AWS charges your account for requests to the source and for transfer out of its region (not in the sums here).";

/** The facts shown after an upload. */
export interface UploadSummary {
  readonly stagingId: StagingId;
  readonly environment: string;
  readonly sizeBytes: number;
  readonly regions: readonly string[];
  readonly ttl: TtlDays;
  readonly uploadedAt: Date;
  /** For an entry that other accounts may read. */
  readonly sharing?: Sharing | undefined;
}

/** Numbers of instances per region for which the summary estimates savings. */
const EXAMPLE_INSTANCES = [10, 100];

/** The lines above the bars. */
export function uploadPlanLines(plan: UploadPlan): string[] {
  const files = plan.fileCount === undefined ? "" : ` (${plural(plan.fileCount, "file")})`;
  return [
    `Staging Data: ${plan.filename}`,
    `Size: ${formatBytes(plan.sizeBytes)}${files}`,
    `Regions: ${plan.regions.join(", ")}`,
    `Destination: ${plan.destination}`,
    ...(plan.requestPayer === true ? [REQUESTER_PAYS] : []),
    "",
  ];
}

/** The summary of a finished upload: ID, expiry, costs with their formulas, estimated savings, next command. */
export function uploadSummaryLines(summary: UploadSummary): string[] {
  const { stagingId, environment, sizeBytes, ttl, uploadedAt } = summary;
  const [primary = "", ...others] = summary.regions;
  const regions = summary.regions.length;
  const cost = stagingCost(sizeBytes, summary.regions, ttl, GUIDE_PRICES);
  const replicationPrices = others.map((region) => GUIDE_PRICES.replicationPerGb(primary, region));
  const storagePrices = summary.regions.map((region) => GUIDE_PRICES.storagePerGbMonth(region));
  const size = compactBytes(sizeBytes);
  const days = plural(ttl, "day");
  return [
    "✅ Staging Complete!",
    "",
    `Staging ID: ${stagingId}`,
    "Metadata stored in DynamoDB",
    `TTL: ${days} (auto-cleanup on ${formatUtcDay(expiresAt(uploadedAt, ttl))})`,
    "",
    "Cost Summary:",
    "  Upload: $0.00 (free to S3)",
    regions === 1
      ? "  Replication: $0.00 (one region)"
      : `  Replication: ${formatMoney(cost.replication)} (${size} × ${plural(regions - 1, "region")} × ${priceRange(replicationPrices)}/GB)`,
    `  Storage: ${formatFineMoney(cost.storagePerDay)}/day (${size} × ${plural(regions, "region")} × ${priceRange(storagePrices)}/GB/month)`,
    `  Total (${days}): ${formatMoney(cost.total)}`,
    "",
    ...savingsLines(sizeBytes, summary.regions, cost.total),
    "To use in parameter sweep:",
    `  ${commandLine(`spawn launch --params sweep.yaml --stage-id ${stagingId}`, environment)}`,
    "",
    ...(summary.sharing === undefined ? [] : sharingLines(summary.sharing)),
  ];
}

function savingsLines(sizeBytes: number, regions: readonly string[], staged: MicroDollars): string[] {
  // With one region there are no cross-region downloads to compare with.
  if (regions.length === 1 || sizeBytes === 0) return [];
  const where = regions.length === 2 ? "" : " per region";
  const lines = EXAMPLE_INSTANCES.map((instances) => {
    const compared = savings(directCost(sizeBytes, regions, instances, GUIDE_PRICES), staged);
    const share = compared.share ?? 0;
    const verdict = share > 0 ? `${formatShare(share)} savings` : "no savings";
    return `  vs. ${instances} instances${where} downloading: ${formatMoney(compared.direct)} → ${formatMoney(staged)} (${verdict})`;
  });
  return ["Estimated Savings:", ...lines, ""];
}
