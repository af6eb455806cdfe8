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
}

/**
 * The IAM policy that a role of another account needs to read an entry, beside the access points' own: it names the points, and not the
 * buckets behind them. A directory is listed.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
 */
export function readerPolicy({ stagingId, kind, accessPoints }: SharedEntry) {
  const prefix = entryPrefix(stagingId);
  const points = [...accessPoints.values()].map(({ arn }) => arn);
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: ["s3:GetObject"],
        Resource: points.map((arn) => `${arn}/object/${prefix}*`),
      },
      ...(kind === "file"
        ? []
        : [
            {
              Effect: "Allow",
              Action: ["s3:ListBucket"],
              Resource: points,
              Condition: { StringLike: { "s3:prefix": `${prefix}*` } },
            },
          ]),
    ],
  };
}
