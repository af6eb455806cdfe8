import type { AccountId } from "../accounts.ts";
import type { EnvironmentSettings } from "../environment.ts";
import { workersBoundary } from "./boundary.ts";
import { allow, type PolicyDocument, policyOf } from "./document.ts";
import { READ_ITEMS, readEntries, SURVEY_BUCKET } from "./entries.ts";
import { operatorPolicy } from "./operator.ts";
import { placesOf } from "./places.ts";
import { previewerPolicy } from "./previewer.ts";
import { stagerPolicy } from "./stager.ts";
import { countDownloads } from "./usage.ts";

/** The user roles of an environment, the most powerful first. */
export const POLICY_NAMES = ["operator", "stager", "reader", "worker"] as const;
/** In addition, the role of a pipeline's previews, and the boundary of the roles of sweeps. */
export const PRINTED_POLICIES = [...POLICY_NAMES, "previewer", "boundary"] as const;
export type PolicyName = (typeof PRINTED_POLICIES)[number];

const POLICIES: Readonly<
  Record<PolicyName, (settings: EnvironmentSettings, account: AccountId) => PolicyDocument>
> = {
  operator: operatorPolicy,
  stager: stagerPolicy,
  reader: readerPolicy,
  worker: jobPolicy,
  previewer: previewerPolicy,
  boundary: workersBoundary,
};

/**
 * An IAM policy with the permissions of one user role of an environment.
 * @param account that of the environment
 */
export const environmentPolicy = (
  name: PolicyName,
  settings: EnvironmentSettings,
  account: AccountId,
): PolicyDocument => POLICIES[name](settings, account);

/**
 * The permissions for reads and downloads: `stage list`, `info`, `estimate`, `cost`, `download` and `script`, and
 * `sweep list`, `info`, `watch` and `logs`. The only write counts a download.
 */
function readerPolicy(settings: EnvironmentSettings, account: AccountId): PolicyDocument {
  const places = placesOf(settings, account);
  return policyOf([
    allow("LookAtBuckets", SURVEY_BUCKET, places.buckets, places.owned),
    readEntries(places),
    allow("ReadTables", READ_ITEMS, places.allTables),
    countDownloads(places, settings.regions),
  ]);
}

/**
 * The permissions of an instance or job outside of a sweep that runs the output of `stage script` and counts its
 * download. Workers of a sweep have their own role, see `staging/sweep/worker-policy.ts`.
 */
function jobPolicy(settings: EnvironmentSettings, account: AccountId): PolicyDocument {
  const places = placesOf(settings, account);
  return policyOf([
    allow("ReadEntries", ["s3:GetObject"], places.entries, places.owned),
    allow("ListEntries", ["s3:ListBucket"], places.buckets, {
      ...places.owned,
      StringLike: { "s3:prefix": places.anyEntry },
    }),
    countDownloads(places, settings.regions),
  ]);
}
