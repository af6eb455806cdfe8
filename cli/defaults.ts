import type { UserSettings } from "../stacks/user-config.ts";
import { DEFAULT_TTL_DAYS } from "../staging/ttl.ts";

/** What commands take where neither a flag, nor a variable, nor the user's config says otherwise. */
export const DEFAULT_SETTINGS: UserSettings = {
  environment: "dev",
  prices: "guide",
  "staging.regions": "us-east-1,us-west-2",
  "staging.replication": "rule",
  "staging.ttl": String(DEFAULT_TTL_DAYS),
};
