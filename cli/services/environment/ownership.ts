import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { S3Client } from "@aws-sdk/client-s3";
import type { AccountId } from "../../../staging/accounts.ts";
import { type EnvironmentSettings, replicationRoleName } from "../../../staging/environment.ts";
import { InputError } from "../../../staging/errors.ts";
import { describeMissing, missingOf } from "../../../staging/ownership/missing.ts";
import { TABLE_ROLES, type TableRole, tablesOf } from "../../../staging/ownership/names.ts";
import { refuseOthers } from "../../../staging/ownership/taken.ts";
import type { Region } from "../../../staging/regions.ts";
import type {
  BucketFact,
  EnvironmentFacts,
  SurveyRequest,
  TableFact,
} from "../../../staging/resources/environment-facts.ts";
import { commandLine } from "../../command-line.ts";

/*
 * Every command works only on tables and buckets without another environment's tags. The context checks that once per process, before it
 * returns the first client.
 */

/** @throws InputError if one of the tables belongs to another environment; it names the key */
export function refuseOthersTables(settings: EnvironmentSettings, tables: readonly TableFact[]): void {
  refuseOthers(settings, { tables, buckets: [] });
}

/** Describes the environment's tables. Their ARNs name the account of the credentials. */
export async function surveyTables(
  settings: EnvironmentSettings,
  client: DynamoDBClient,
): Promise<TableFact[]> {
  const { surveyTable } = await import("../../../provider/survey/table.ts");
  return await Promise.all(
    tablesOf(settings).map(({ name }) => surveyTable({ region: settings.tableRegion, name }, client, {})),
  );
}

/**
 * @param account of the credentials; undefined if the server has no accounts
 * @throws InputError if the bucket of `region` belongs to another environment or account; it names the key
 */
export async function refuseOthersBucket(
  settings: EnvironmentSettings,
  region: Region,
  client: S3Client,
  account: AccountId | undefined,
): Promise<void> {
  const name = settings.buckets.get(region);
  if (name === undefined) return;
  const { isOfOtherAccount, readOwner } = await import("../../../provider/survey/bucket.ts");
  const owner = await readOwner(name, client, {});
  const isForeign = owner === "denied" && account !== undefined && (await isOfOtherAccount(name, client, {}));
  const fact: BucketFact = {
    ...{ region, name },
    state: isForeign ? "foreign" : "there",
    owner: owner === "denied" ? {} : owner,
  };
  refuseOthers(settings, { tables: [], buckets: [fact], account });
}

/** The clients for the survey of an environment. */
interface SurveyClients {
  anyBucketsS3(region: Region): Promise<S3Client>;
  dynamo(): Promise<DynamoDBClient>;
  iam(): Promise<IAMClient>;
  account(): Promise<AccountId | undefined>;
}

/** Surveys the environment in AWS. */
export async function surveyOf(clients: SurveyClients, request: SurveyRequest): Promise<EnvironmentFacts> {
  const { surveyEnvironment } = await import("../../../provider/survey/survey.ts");
  return await surveyEnvironment(request, {
    s3: (region) => clients.anyBucketsS3(region as Region),
    dynamodb: () => clients.dynamo(),
    iam: () => clients.iam(),
    account: () => clients.account(),
  });
}

/** All names of the environment, with the settings of its buckets. */
export function wholeEnvironment(
  settings: EnvironmentSettings,
  regions: readonly Region[] = settings.regions,
  roles: readonly TableRole[] = TABLE_ROLES,
): SurveyRequest {
  return {
    tables: tablesOf(settings)
      .filter(({ role }) => roles.includes(role))
      .map(({ name }) => ({ region: settings.tableRegion, name })),
    buckets: regions.flatMap((region) => {
      const name = settings.buckets.get(region);
      return name === undefined ? [] : [{ region, name, settings: true }];
    }),
    ...(settings.regions.length > 1 ? { role: replicationRoleName(settings) } : {}),
  };
}

/** The tables that entries need. An environment of an older version has no others. */
const ENTRY_TABLES: readonly TableRole[] = ["records", "usage"];

/**
 * Checks that an environment is complete in the regions of an entry: its creation may have failed.
 * @throws InputError that names the missing resources
 */
export async function requireWhole(
  environment: SurveyClients & { settings(): Promise<EnvironmentSettings> },
  regions: readonly Region[],
): Promise<void> {
  const settings = await environment.settings();
  const facts = await surveyOf(environment, wholeEnvironment(settings, regions, ENTRY_TABLES));
  refuseOthers(settings, facts);
  const missing = missingOf(facts);
  if (missing.length === 0) return;
  throw new InputError(
    `environment ${settings.name} is not whole: there is no ${missing.map(nameOf).join(", no ")}`,
    {
      why: "Its creation was not completed, or it was deleted by hand.",
      fix: commandLine("spawn environment up", settings.name),
    },
  );
}

const nameOf = (missing: Parameters<typeof describeMissing>[0]): string =>
  describeMissing(missing).replace(/^the /, "");
