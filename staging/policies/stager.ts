import type { AccountId } from "../accounts.ts";
import type { EnvironmentSettings } from "../environment.ts";
import { allow, type PolicyDocument, policyOf } from "./document.ts";
import {
  LOOK_AT_BUCKET,
  READ_ITEMS,
  readLogs,
  SEE_RULES,
  shareEntries,
  WRITE_ITEMS,
  writeEntries,
} from "./entries.ts";
import { placesOf } from "./places.ts";
import { sweepStatements } from "./sweeps.ts";

/**
 * Whether stagers can launch sweeps. A launch makes a role, and whoever can make roles without a limit can take every right: in an AWS
 * account it takes `spawn:workersBoundary`.
 */
export const stagerLaunches = ({ cloud, workersBoundary }: EnvironmentSettings): boolean =>
  cloud === "local" || workersBoundary !== undefined;

/**
 * What suffices for every command under `stage` and `sweep`, and for `launch`. It changes nothing of the environment itself: no bucket, rule
 * or table. A source on S3 that is no bucket of the environment, and the bucket of `results`, are the user's, and need rights of their own.
 */
export function stagerPolicy(settings: EnvironmentSettings, account: AccountId): PolicyDocument {
  const places = placesOf(settings, account);
  const { workersBoundary } = settings;
  return policyOf([
    allow("LookAtBuckets", [...LOOK_AT_BUCKET, ...SEE_RULES], places.buckets, places.owned),
    writeEntries(places),
    readLogs(places),
    allow("WriteTables", [...READ_ITEMS, ...WRITE_ITEMS], places.allTables),
    shareEntries(places),
    ...sweepStatements(places, {
      environment: settings.name,
      makesRoles: stagerLaunches(settings),
      ...(workersBoundary === undefined ? {} : { boundary: workersBoundary }),
    }),
  ]);
}
