import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { AccountId } from "../../staging/accounts.ts";
import type { EnvironmentFacts, SurveyRequest } from "../../staging/resources/environment-facts.ts";
import type { SdkClient } from "../store/sdk-client.ts";
import { surveyBucket } from "./bucket.ts";
import { surveyRole } from "./role.ts";
import { surveyTable } from "./table.ts";

/** The survey's clients, per region and created on first use. */
interface SurveyClients {
  s3(region: string): Promise<SdkClient> | SdkClient;
  dynamodb(region: string): Promise<DynamoDBClient> | DynamoDBClient;
  iam(): Promise<IAMClient> | IAMClient;
  /** The account of the credentials; undefined if the server has no accounts. */
  account(): Promise<AccountId | undefined>;
}

/**
 * Checks the names of an environment in AWS: whether each resource exists, and which environment owns it by its tags. Sends only read
 * requests, in parallel: two per table or bucket, and more if data or settings are requested.
 */
export async function surveyEnvironment(
  request: SurveyRequest,
  clients: SurveyClients,
  signal?: AbortSignal,
): Promise<EnvironmentFacts> {
  const options = signal === undefined ? {} : { abortSignal: signal };
  const { role } = request;
  const [tables, buckets, roleFact, account] = await Promise.all([
    Promise.all(
      request.tables.map(async (table) => surveyTable(table, await clients.dynamodb(table.region), options)),
    ),
    Promise.all(
      request.buckets.map(async (bucket) =>
        surveyBucket(
          bucket,
          await clients.s3(bucket.region),
          options,
          request.buckets.filter((other) => other !== bucket),
        ),
      ),
    ),
    role === undefined ? undefined : surveyRole(role, clients.iam, options),
    clients.account(),
  ]);
  return { tables, buckets, role: roleFact, ...(account === undefined ? {} : { account }) };
}
