import type { AccountId } from "../accounts.ts";
import type { EnvironmentSettings } from "../environment.ts";
import { actionsOf, allow, type PolicyDocument, policyOf } from "./document.ts";
import { placesOf } from "./places.ts";
import { countDownloads } from "./usage.ts";

/**
 * The maximum permissions of the role of any sweep's workers, whatever its policy: the permissions boundary in
 * `spawn:workersBoundary`. With it, users who may launch sweeps gain only the permission to write results. Shared
 * data of other accounts are readable if those accounts allow it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
export function workersBoundary(settings: EnvironmentSettings, account: AccountId): PolicyDocument {
  const places = placesOf(settings, account);
  const { partition, anyEntry, tables, logs, owned, sweeps } = places;
  const points = `arn:${partition}:s3:*:*:accesspoint/*`;
  return policyOf([
    allow(
      "ReadEntries",
      ["s3:GetObject"],
      [`arn:${partition}:s3:::*/${anyEntry}`, `${points}/object/${anyEntry}`],
    ),
    allow("ListEntries", ["s3:ListBucket"], [`arn:${partition}:s3:::*`, points], {
      StringLike: { "s3:prefix": anyEntry },
    }),
    allow("ClaimIndices", actionsOf("dynamodb", "GetItem", "Query", "UpdateItem"), tables.sweeps),
    countDownloads(places, settings.regions),
    allow("WriteLogs", actionsOf("s3", "PutObject", "PutObjectTagging"), logs, owned),
    allow("WriteResults", actionsOf("s3", "PutObject", "AbortMultipartUpload"), `arn:${partition}:s3:::*/*`),
    allow("LeaveGroup", actionsOf("autoscaling", "TerminateInstanceInAutoScalingGroup"), sweeps.group),
  ]);
}
