import { replicationCost } from "./cost.ts";
import { InputError } from "./errors.ts";
import { formatMoney } from "./money.ts";
import type { PriceBook } from "./price-book.ts";
import { formatBytes } from "./units.ts";

/** The reason why a copy replaces a replication by rule. */
export interface Fallback {
  /** S3's replication status. */
  readonly status: "PENDING" | "FAILED";
  readonly bytes: number;
  readonly from: string;
  readonly to: string;
  /** Milliseconds spent waiting for the rule. */
  readonly waitedMs: number;
}

/**
 * The warning before a copy replaces a replication by rule. S3 replicates most objects within 15 minutes, and
 * promises no time; a later replica costs a second transfer. S3 does not expire objects whose replication is pending
 * or has failed.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html
 */
export function fallbackText({ status, bytes, from, to, waitedMs }: Fallback, prices: PriceBook): string {
  const size = formatBytes(bytes);
  const cost = transferText(bytes, from, to, prices);
  if (status === "PENDING") {
    return `S3 has not replicated ${size} from ${from} to ${to} after ${minutes(waitedMs)}: copying them${cost}. If S3 replicates them later, AWS charges the transfer twice.`;
  }
  return `S3 could not replicate ${size} from ${from} to ${to}: copying them${cost}. S3 does not expire data whose replication has failed, so delete the entry when you no longer need it.`;
}

function transferText(bytes: number, from: string, to: string, prices: PriceBook): string {
  try {
    return ` for ${formatMoney(replicationCost(bytes, from, [to], prices))} of transfer`;
  } catch (error) {
    // An unknown price must not prevent the copy.
    if (error instanceof InputError) return "";
    throw error;
  }
}

function minutes(milliseconds: number): string {
  const count = Math.max(1, Math.round(milliseconds / 60_000));
  return count === 1 ? "1 minute" : `${count} minutes`;
}
