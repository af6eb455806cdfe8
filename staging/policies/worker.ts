import type { AccountId } from "../accounts.ts";
import type { EnvironmentSettings } from "../environment.ts";
import { allow, type PolicyDocument, policyOf } from "./document.ts";
import { placesOf } from "./places.ts";
import { countDownloads } from "./usage.ts";

/**
 * The permissions of an instance or job outside of a sweep that runs the output of `stage script` and counts its
 * download. Workers of a sweep have their own role, see `staging/sweep/worker-policy.ts`.
 */
export function jobPolicy(settings: EnvironmentSettings, account: AccountId): PolicyDocument {
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
