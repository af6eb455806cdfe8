import type { AccountId } from "../accounts.ts";
import type { EnvironmentSettings } from "../environment.ts";
import { allow, type PolicyDocument, policyOf } from "./document.ts";
import { LOOK_AT_BUCKET, READ_ITEMS, readEntries } from "./entries.ts";
import { placesOf } from "./places.ts";
import { countDownloads } from "./usage.ts";

/**
 * The permissions for reads and downloads: `stage list`, `info`, `estimate`, `cost`, `download` and `script`, and
 * `sweep list`, `info`, `watch` and `logs`. The only write counts a download.
 */
export function environmentReaderPolicy(settings: EnvironmentSettings, account: AccountId): PolicyDocument {
  const places = placesOf(settings, account);
  return policyOf([
    allow("LookAtBuckets", LOOK_AT_BUCKET, places.buckets, places.owned),
    readEntries(places),
    allow("ReadTables", READ_ITEMS, places.allTables),
    countDownloads(places, settings.regions),
  ]);
}
