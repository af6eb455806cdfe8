import { plannedCost } from "../../../staging/bill.ts";
import {
  breakEvenInstances,
  directCost,
  instancesFor,
  type Savings,
  type StagingCost,
  savings,
} from "../../../staging/cost.ts";
import { InputError } from "../../../staging/errors.ts";
import { toDollars } from "../../../staging/money.ts";
import type { PriceBook } from "../../../staging/price-book.ts";
import type { RegionList } from "../../../staging/regions.ts";
import type { TtlDays } from "../../../staging/ttl.ts";
import { GIB, TIB } from "../../../staging/units.ts";

/** The inputs of an estimate: size, regions, duration and readers. */
export interface EstimateRequest {
  readonly sizeBytes: number;
  /** The primary region first. */
  readonly regions: RegionList;
  readonly instancesPerRegion: number;
  readonly ttl: TtlDays;
  /** Files of a directory. @default 1 */
  readonly fileCount?: number | undefined;
  /** The time of the upload: AWS charges until the midnights after the expiry. @default {@link MIDDAY} */
  readonly uploadedAt?: Date | undefined;
}

/** Halfway between two midnights: the mean of all uploads, and the same estimate at every hour. */
export const MIDDAY = new Date("2026-01-01T12:00:00Z");

/** The measured file or directory. */
export interface EstimatedSource {
  readonly filename: string;
  /** Files of a directory; undefined for a single file. */
  readonly fileCount?: number | undefined;
}

/** The recommendation, from the guide's table of sizes and from the savings. */
type Recommendation = "skip" | "optional" | "recommended" | "highly-recommended" | "required";

/** The two scenarios and their comparison, at the prices of one book. */
export interface Estimate extends EstimateRequest {
  readonly prices: PriceBook;
  readonly staging: StagingCost;
  readonly compared: Savings;
  /** The number of instances per region from which staging costs no more; undefined if there is none, as in a single region. */
  readonly breakEven: number | undefined;
  readonly recommendation: Recommendation;
}

/** @throws InputError if the book lacks a price, or an amount is too large to be exact */
export function estimate(request: EstimateRequest, prices: PriceBook): Estimate {
  const { sizeBytes, regions, instancesPerRegion, ttl, uploadedAt = MIDDAY, fileCount = 1 } = request;
  const staging = plannedCost({ sizeBytes, fileCount, regions, ttl, uploadedAt }, prices);
  const compared = savings(directCost(sizeBytes, regions, instancesPerRegion, prices), staging.total);
  const breakEven =
    prices.requestsPer1000 === undefined
      ? breakEvenInstances(regions, ttl, prices)
      : instancesFor(staging.total, sizeBytes, regions, prices);
  const recommendation = recommend(sizeBytes, breakEven !== undefined && instancesPerRegion >= breakEven);
  return { ...request, prices, staging, compared, breakEven, recommendation };
}

/** The guide's "File Size Recommendations"; `skip` if staging costs more than it saves. */
function recommend(sizeBytes: number, pays: boolean): Recommendation {
  if (!pays || sizeBytes < GIB) return "skip";
  if (sizeBytes < 10 * GIB) return "optional";
  if (sizeBytes < 100 * GIB) return "recommended";
  return sizeBytes <= TIB ? "highly-recommended" : "required";
}

/** The same estimate at other prices, or the price that the book lacks. */
export type Alternative = { readonly estimate: Estimate } | { readonly missing: string };

export function alternative(request: EstimateRequest, prices: PriceBook): Alternative {
  try {
    return { estimate: estimate(request, prices) };
  } catch (error) {
    if (error instanceof InputError) return { missing: error.message };
    throw error;
  }
}

/** An estimate for programs, in US dollars to the micro-dollar. Keys are never renamed or removed. */
export type EstimateMetadata = ReturnType<typeof toEstimateMetadata>;

export function toEstimateMetadata(made: Estimate, aws: Alternative) {
  const listed = "estimate" in aws ? aws.estimate : undefined;
  // A later version may have other price books.
  const prices: string = made.prices.name;
  return {
    size_bytes: made.sizeBytes,
    /** GB of 2^30 bytes. */
    size_gb: made.sizeBytes / GIB,
    regions: made.regions,
    instances_per_region: made.instancesPerRegion,
    ttl_days: made.ttl,
    prices,
    direct_cost: toDollars(made.compared.direct),
    replication_cost: toDollars(made.staging.replication),
    storage_cost: toDollars(made.staging.storage),
    staging_cost: toDollars(made.staging.total),
    /** Negative if staging costs more. */
    savings: toDollars(made.compared.saved),
    /** Share of `direct_cost`, 0 to 1, negative if staging costs more; `null` if direct downloads are free. */
    savings_share: made.compared.share ?? null,
    /** `null` if staging never pays off. */
    break_even_instances: made.breakEven ?? null,
    recommendation: made.recommendation,
    /** The savings at AWS's list prices; `null` if the price book lacks one of them. */
    aws_savings: listed === undefined ? null : toDollars(listed.compared.saved),
    aws_savings_share: listed?.compared.share ?? null,
    aws_break_even_instances: listed?.breakEven ?? null,
    /** Parts of `staging_cost`: storage of expired data, and requests. 0 at the guide's prices. */
    noncurrent_cost: toDollars(made.staging.noncurrent),
    request_cost: toDollars(made.staging.requests),
  };
}

const MAX_SIZE_GB = Math.floor(Number.MAX_SAFE_INTEGER / GIB);

/**
 * A number of GB (2^30 bytes), rounded to whole bytes.
 * @throws InputError unless it is a positive decimal number of a byte or more
 */
export function parseSizeGb(text: string): number {
  const trimmed = text.trim();
  const gb = /^(\d+\.?\d*|\.\d+)$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  const bytes = Math.round(gb * GIB);
  if (!(bytes >= 1 && gb <= MAX_SIZE_GB)) {
    throw new InputError(`"${text}" is not a size in GB`, {
      why: `It is a positive number of up to ${MAX_SIZE_GB.toLocaleString("en-US")} GB, without a unit.`,
      fix: "--data-size-gb 100",
    });
  }
  return bytes;
}

const MAX_INSTANCES = 1_000_000;

/** @throws InputError unless `text` is a whole number from 1 to a million */
export function parseInstances(text: string): number {
  const trimmed = text.trim();
  const count = /^\d{1,7}$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  if (!(count >= 1 && count <= MAX_INSTANCES)) {
    throw new InputError(`"${text}" is not a number of instances`, {
      why: `It is a whole number from 1 to ${MAX_INSTANCES.toLocaleString("en-US")}, for each region.`,
      fix: "--instances 10",
    });
  }
  return count;
}
