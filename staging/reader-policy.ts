import type { AccessPoint } from "./accounts.ts";
import type { StagingId } from "./ids.ts";
import { entryPrefix } from "./manifest.ts";
import type { SourceKind } from "./resources.ts";

/** What other accounts have to know of an entry that is shared with them. */
export interface SharedEntry {
  readonly stagingId: StagingId;
  readonly kind: SourceKind;
  /** By region. */
  readonly accessPoints: ReadonlyMap<string, AccessPoint>;
  /** The names of the buckets, where some of them read by these, too; else none. */
  readonly buckets: readonly string[];
}

/**
 * The IAM policy that a role of another account needs to read an entry, beside the access points' own and the buckets': it names the
 * points, and the buckets only where they are read by their names. A directory is listed.
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
