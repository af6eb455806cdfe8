import { AccessPoint, type AccessPointArgs } from "@pulumi/aws/s3/accessPoint.js";
import { type CustomResourceOptions, type Output, output } from "@pulumi/pulumi";
import { accessPointName } from "../staging/access-point.ts";
import type { AccountId } from "../staging/accounts.ts";
import type { EnvironmentSettings } from "../staging/environment.ts";
import type { StagingId } from "../staging/ids.ts";
import { entryPrefix } from "../staging/manifest.ts";
import type { Region } from "../staging/regions.ts";
import { child, type Transform } from "./child.ts";

/** What the access point of one region is made from. */
export interface SharedRegion {
  /** The environment's `spawn:namePrefix`: another environment may have declared an entry of the same id. */
  readonly namePrefix: string;
  readonly stagingId: StagingId;
  readonly region: Region;
  /** Where the environment is. The local cloud has plain HTTP only. */
  readonly cloud: EnvironmentSettings["cloud"];
  /** The accounts that may read, one at least. */
  readonly accounts: readonly AccountId[];
}

/**
 * Declares how other accounts read an entry in one region: an access point that hands on this entry's prefix only.
 * @param owner the account that the bucket is in
 */
export function accessPoint(
  shared: SharedRegion,
  bucket: string,
  owner: Output<string>,
  transform: Transform<AccessPointArgs> | undefined,
  options: CustomResourceOptions,
): AccessPoint {
  const { namePrefix, stagingId, region } = shared;
  const own: AccessPointArgs = {
    name: accessPointName(namePrefix, stagingId),
    accountId: owner,
    bucket,
    region,
    publicAccessBlockConfiguration: {
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    policy: output(owner).apply((account) => accessPointPolicy(shared, account)),
  };
  return new AccessPoint(...child(transform, `${stagingId}-access-${region}`, own, options));
}

/**
 * Who may do what by the access point: read the entry's objects, and list them. The bucket's own policy leaves that to the
 * access points; in each account that is named here its own IAM policies say which of its users may. Plain HTTP is refused here,
 * too: the policy of a bucket that the user made says nothing about listings.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
 */
export function accessPointPolicy(shared: SharedRegion, owner: string): string {
  const { stagingId, region, accounts, cloud } = shared;
  const overTls = cloud === "aws" ? { Bool: { "aws:SecureTransport": "true" } } : {};
  const arn = `arn:aws:s3:${region}:${owner}:accesspoint/${accessPointName(shared.namePrefix, stagingId)}`;
  const prefix = entryPrefix(stagingId);
  const Principal = { AWS: accounts.map((account) => `arn:aws:iam::${account}:root`) };
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "ReadEntry",
        Effect: "Allow",
        Principal,
        Action: "s3:GetObject",
        Resource: `${arn}/object/${prefix}*`,
        ...(cloud === "aws" ? { Condition: overTls } : {}),
      },
      {
        Sid: "ListEntry",
        Effect: "Allow",
        Principal,
        Action: "s3:ListBucket",
        Resource: arn,
        Condition: { StringLike: { "s3:prefix": `${prefix}*` }, ...overTls },
      },
    ],
  });
}
