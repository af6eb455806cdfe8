import { describeMissing, missingOf } from "../../../staging/ownership/missing.ts";
import { tablesOf } from "../../../staging/ownership/names.ts";
import { refuseOthers } from "../../../staging/ownership/taken.ts";
import type { Context } from "../../context.ts";
import { surveyOf, wholeEnvironment } from "./ownership.ts";

/** The existing resources of an environment. */
export type EnvironmentStatus = Awaited<ReturnType<typeof environmentStatus>>;

/**
 * Surveys the environment in AWS.
 * @throws InputError if a table or a bucket belongs to another environment or account
 */
export async function environmentStatus(
  context: Pick<Context, "account" | "anyBucketsS3" | "dynamo" | "endpoint" | "iam" | "settings">,
) {
  const [settings, endpoint] = await Promise.all([context.settings(), context.endpoint()]);
  const facts = await surveyOf(context, wholeEnvironment(settings));
  refuseOthers(settings, facts);
  const missing = missingOf(facts);
  const buckets = [...settings.buckets].map(([region, bucket]) => ({
    region,
    bucket,
    /** Whether the user created it, so that it outlives the environment. */
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
    /** The account of the credentials, which must be the environment's; null if the server has no accounts. */
    account: facts.account ?? null,
    /** Whether every resource exists. */
    up: missing.length === 0,
    buckets,
    tables,
    /** Missing resources in words, with the role and the settings of existing buckets. */
    missing: missing.map(describeMissing),
  };
}
