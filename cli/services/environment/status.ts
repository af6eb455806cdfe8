import { describeMissing, missingOf } from "../../../staging/ownership/missing.ts";
import { type TableRole, tablesOf } from "../../../staging/ownership/names.ts";
import { refuseOthers } from "../../../staging/ownership/taken.ts";
import type { Context } from "../../context.ts";
import { surveyOf, wholeEnvironment } from "./ownership.ts";

/** The existing resources of an environment. */
export interface EnvironmentStatus {
  readonly environment: string;
  readonly cloud: "local" | "aws";
  readonly endpoint: string | null;
  /** The account of the credentials, which must be the environment's; null if the server has no accounts. */
  readonly account: string | null;
  /** Whether every resource exists. */
  readonly up: boolean;
  readonly buckets: readonly {
    readonly region: string;
    readonly bucket: string;
    /** Whether the user created it, so that it outlives the environment. */
    readonly adopted: boolean;
    readonly exists: boolean;
  }[];
  readonly tables: readonly {
    readonly role: TableRole;
    readonly table: string;
    readonly exists: boolean;
  }[];
  /** Missing resources in words, with the role and the settings of existing buckets. */
  readonly missing: readonly string[];
}

/**
 * Surveys the environment in AWS.
 * @throws InputError if a table or a bucket belongs to another environment or account
 */
export async function environmentStatus(
  context: Pick<Context, "account" | "anyBucketsS3" | "dynamo" | "endpoint" | "iam" | "settings">,
): Promise<EnvironmentStatus> {
  const [settings, endpoint] = await Promise.all([context.settings(), context.endpoint()]);
  const facts = await surveyOf(context, wholeEnvironment(settings));
  refuseOthers(settings, facts);
  const missing = missingOf(facts);
  const buckets = [...settings.buckets].map(([region, bucket]) => ({
    region,
    bucket,
    adopted: settings.adopted.has(region),
    exists: facts.buckets.some(({ name, state }) => name === bucket && state !== "none"),
  }));
  const tables = tablesOf(settings).map(({ role, name }) => ({
    role,
    table: name,
    exists: facts.tables.some((table) => table.name === name && table.exists),
  }));
  return {
    environment: settings.name,
    cloud: settings.cloud,
    endpoint: endpoint ?? null,
    account: facts.account ?? null,
    up: missing.length === 0,
    buckets,
    tables,
    missing: missing.map(describeMissing),
  };
}
