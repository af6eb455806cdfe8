import type { AccountId } from "../accounts.ts";
import type { EnvironmentSettings } from "../environment.ts";
import { allow, type PolicyDocument, policyOf } from "./document.ts";
import { placesOf } from "./places.ts";
import { countDownloads } from "./usage.ts";

/**
 * What an instance or a job outside of a sweep needs to run the script of `stage script`, and to count its download. Workers of a sweep
 * have a role of their own, which `staging/sweep/worker-policy.ts` gives its rights.
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
