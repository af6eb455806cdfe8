import type { AccessPoint } from "./accounts.ts";
import type { StagingId } from "./ids.ts";
import { entryPrefix } from "./manifest.ts";
import type { SourceKind } from "./resources/fields.ts";

/** Facts about a shared entry for other accounts. */
export interface SharedEntry {
  readonly stagingId: StagingId;
  readonly kind: SourceKind;
  /** By region. */
  readonly accessPoints: ReadonlyMap<string, AccessPoint>;
  /** The names of the buckets, if some accounts may read by them; otherwise empty. */
  readonly buckets: readonly string[];
}

/**
 * The IAM policy with which a role of another account can read an entry, in addition to the policies of access points
 * and buckets. It names the access points, and the buckets only if the account reads by their names. A directory
 * needs a listing.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
 */
export function readerPolicy({ stagingId, kind, accessPoints, buckets }: SharedEntry) {
  const prefix = entryPrefix(stagingId);
  const points = [...accessPoints.values()].map(({ arn }) => arn);
  const named = buckets.map((bucket) => `arn:aws:s3:::${bucket}`);
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: ["s3:GetObject"],
        Resource: [
          ...points.map((arn) => `${arn}/object/${prefix}*`),
          ...named.map((arn) => `${arn}/${prefix}*`),
        ],
      },
      ...(kind === "file"
        ? []
        : [
            {
              Effect: "Allow",
              Action: ["s3:ListBucket"],
              Resource: [...points, ...named],
              Condition: { StringLike: { "s3:prefix": `${prefix}*` } },
            },
          ]),
    ],
  };
}
