import type { AccountId } from "../accounts.ts";
import type { EnvironmentSettings } from "../environment.ts";
import { allow, type PolicyDocument, policyOf } from "./document.ts";
import {
  READ_ITEMS,
  readLogs,
  SEE_RULES,
  SURVEY_BUCKET,
  shareEntries,
  WRITE_ITEMS,
  writeEntries,
} from "./entries.ts";
import { placesOf } from "./places.ts";
import { sweepStatements } from "./sweeps.ts";

/**
 * Whether stagers can launch sweeps. A launch creates a role, and a user who can create roles without a boundary can
 * gain every permission: an AWS account requires `spawn:workersBoundary`.
 */
export const stagerLaunches = ({ cloud, workersBoundary }: EnvironmentSettings): boolean =>
  cloud === "local" || workersBoundary !== undefined;

/**
 * The permissions for every command under `stage` and `sweep`, and for `launch`. They change no bucket, rule or table
 * of the environment. An S3 source outside of the environment's buckets, and the bucket of `results`, need extra
 * permissions.
 */
export function stagerPolicy(settings: EnvironmentSettings, account: AccountId): PolicyDocument {
  const places = placesOf(settings, account);
  const { workersBoundary } = settings;
  return policyOf([
    allow("LookAtBuckets", [...SURVEY_BUCKET, ...SEE_RULES], places.buckets, places.owned),
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
