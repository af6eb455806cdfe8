import type { UserSettings } from "../stacks/user-config.ts";
import { DEFAULT_TTL_DAYS } from "../staging/ttl.ts";

/** Defaults of the settings. The user's config, variables and flags override them. */
export const DEFAULT_SETTINGS: UserSettings = {
  environment: "dev",
  prices: "guide",
  "staging.regions": "us-east-1,us-west-2",
  "staging.replication": "rule",
  "staging.ttl": String(DEFAULT_TTL_DAYS),
};
