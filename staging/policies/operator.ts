import type { AccountId } from "../accounts.ts";
import type { EnvironmentSettings } from "../environment.ts";
import { actionsOf, allow, type PolicyDocument, policyOf, type Statement } from "./document.ts";
import { READ_ITEMS, removeLogs, shareEntries, WRITE_ITEMS, writeEntries } from "./entries.ts";
import { type Places, placesOf } from "./places.ts";
import { LIST_OF_ROLE, sweepStatements } from "./sweeps.ts";

/**
 * The permissions for `environment up`, `preview`, `status` and `destroy`, and for every other command. A user with
 * them can grant any permission to the roles of replication and of sweeps, and assume them: they are for
 * administrators.
 */
export function operatorPolicy(settings: EnvironmentSettings, account: AccountId): PolicyDocument {
  const places = placesOf(settings, account);
  return policyOf([
    manageBuckets(places),
    writeEntries(places),
    removeLogs(places),
    shareEntries(places),
    manageTables(places),
    ...(settings.regions.length > 1 ? manageReplication(places) : []),
    ...sweepStatements(places, { environment: settings.name, makesRoles: true }),
  ]);
}

/**
 * Pulumi's AWS provider reads every setting of a bucket, declared or not. A missing bucket has no owner, hence
 * `IfExists`.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
const manageBuckets = ({ buckets, account }: Places): Statement =>
  allow(
    "ManageBuckets",
    actionsOf(
      "s3",
      ...["ListBucket*", "GetBucket*", "ListTagsForResource", "GetAccelerateConfiguration"],
      ...["GetEncryptionConfiguration", "GetLifecycleConfiguration", "GetReplicationConfiguration"],
      ...["CreateBucket", "DeleteBucket", "PutBucketTagging", "TagResource", "UntagResource"],
      ...["PutBucketVersioning", "PutEncryptionConfiguration", "PutBucketPublicAccessBlock"],
      ...["PutBucketOwnershipControls", "PutBucketPolicy", "DeleteBucketPolicy"],
      ...["PutLifecycleConfiguration", "PutReplicationConfiguration"],
    ),
    buckets,
    { StringEqualsIfExists: { "aws:ResourceAccount": account } },
  );

const manageTables = ({ allTables }: Places): Statement =>
  allow(
    "ManageTables",
    [
      ...READ_ITEMS,
      ...WRITE_ITEMS,
      ...actionsOf(
        "dynamodb",
        ...["CreateTable", "UpdateTable", "DeleteTable", "TagResource", "UntagResource"],
        ...["DescribeTimeToLive", "UpdateTimeToLive", "DescribeContinuousBackups", "UpdateContinuousBackups"],
      ),
    ],
    allTables,
  );

function manageReplication({ replicationRole, partition }: Places): Statement[] {
  const s3 = partition === "aws-cn" ? "s3.amazonaws.com.cn" : "s3.amazonaws.com";
  return [
    allow(
      "ManageReplicationRole",
      actionsOf(
        "iam",
        ...[
          "GetRole",
          "GetRolePolicy",
          ...LIST_OF_ROLE,
          "CreateRole",
          "DeleteRole",
          "TagRole",
          "UntagRole",
          "UpdateRole*",
        ],
        ...["UpdateAssumeRolePolicy", "PutRolePolicy", "DeleteRolePolicy"],
      ),
      replicationRole,
    ),
    allow("PassReplicationRole", ["iam:PassRole"], replicationRole, {
      StringEquals: { "iam:PassedToService": s3 },
    }),
  ];
}
