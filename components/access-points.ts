import { AccessPoint, type AccessPointArgs } from "@pulumi/aws/s3/accessPoint.js";
import { type CustomResourceOptions, type Output, output } from "@pulumi/pulumi";
import { accessPointName } from "../staging/access-point.ts";
import type { AccountId } from "../staging/accounts.ts";
import type { EnvironmentSettings } from "../staging/environment.ts";
import type { StagingId } from "../staging/ids.ts";
import { entryPrefix } from "../staging/manifest.ts";
import type { Region } from "../staging/regions.ts";
import { BLOCK_PUBLIC_ACCESS } from "./bucket-policy.ts";
import { child, type Transform } from "./child.ts";

/** Inputs of the access point of one region. */
interface SharedRegion {
  /** The environment's `spawn:namePrefix`: another environment may declare an entry with the same ID. */
  readonly namePrefix: string;
  readonly stagingId: StagingId;
  readonly region: Region;
  /** The local cloud has plain HTTP only. */
  readonly cloud: EnvironmentSettings["cloud"];
  /** At least one account. */
  readonly accounts: readonly AccountId[];
}

/**
 * Declares an access point through which other accounts read one entry in one region.
 * @param owner the account of the bucket
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
    publicAccessBlockConfiguration: { ...BLOCK_PUBLIC_ACCESS },
    policy: output(owner).apply((account) => accessPointPolicy(shared, account)),
  };
  return new AccessPoint(...child(transform, `${stagingId}-access-${region}`, own, options));
}

/**
 * Allows the accounts to read and list the entry's objects. The bucket's policy delegates to its access points; in
 * each named account, IAM policies decide which users may use them. The statement also denies plain HTTP, because the
 * policy of an adopted bucket does not cover listings.
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
