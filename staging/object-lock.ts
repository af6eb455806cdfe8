import { UserError } from "./errors.ts";
import { MAX_TTL_DAYS } from "./ttl.ts";

/** A bucket's default retention in the form of S3's API: either days or years. */
export interface DefaultRetention {
  readonly Mode?: string | undefined;
  readonly Days?: number | undefined;
  readonly Years?: number | undefined;
}

/** Days for which S3 prevents the deletion of every new object of a bucket; 0 without a default retention. */
export const retentionDays = ({ Days = 0, Years = 0 }: DefaultRetention): number => Days + Years * 365;

/** `30 days (COMPLIANCE)` */
export const describeRetention = (retention: DefaultRetention): string =>
  `${retentionDays(retention)} days${retention.Mode === undefined ? "" : ` (${retention.Mode})`}`;

/** The command that removes the default retention of a bucket; existing objects keep theirs. */
export const withoutRetention = (bucket: string, region: string): string =>
  `aws s3api put-object-lock-configuration --bucket ${bucket} --region ${region} --object-lock-configuration ObjectLockEnabled=Enabled`;

/**
 * Refuses to adopt a bucket that would retain expired entries.
 * @throws UserError if the default retention is longer than the longest TTL
 */
export function refuseLongRetention(bucket: string, region: string, retention: DefaultRetention): void {
  if (retentionDays(retention) <= MAX_TTL_DAYS) return;
  throw new UserError(
    `the bucket ${bucket} cannot be adopted: its objects cannot be deleted for ${describeRetention(retention)}`,
    {
      why: `That is its default retention (S3 Object Lock). An entry has a TTL of at most ${MAX_TTL_DAYS} days, and S3 would keep and bill its data after that.`,
      fix: `${withoutRetention(bucket, region)}; or adopt another bucket`,
    },
  );
}
