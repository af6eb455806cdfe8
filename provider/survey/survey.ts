import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { S3Client } from "@aws-sdk/client-s3";
import type { AccountId } from "../../staging/accounts.ts";
import type { EnvironmentFacts, SurveyRequest } from "../../staging/ownership/names.ts";
import { lookAtBucket } from "./bucket.ts";
import { lookAtRole } from "./role.ts";
import { lookAtTable } from "./table.ts";

/** What the survey asks AWS with: clients of each region, made when they are needed. */
export interface SurveyClients {
  s3(region: string): Promise<S3Client> | S3Client;
  dynamodb(region: string): Promise<DynamoDBClient> | DynamoDBClient;
  iam(): Promise<IAMClient> | IAMClient;
  /** The account of the credentials; undefined where the server has no accounts. */
  account(): Promise<AccountId | undefined>;
}

/**
 * Checks the names of an environment in AWS: whether each resource exists, and who owns it by its tags. Reads only, all in
 * parallel: two requests for a table or a bucket, more where data or settings are asked for.
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
      request.tables.map(async (table) => lookAtTable(table, await clients.dynamodb(table.region), options)),
    ),
    Promise.all(
      request.buckets.map(async (bucket) =>
        lookAtBucket(
          bucket,
          await clients.s3(bucket.region),
          options,
          request.buckets.filter((other) => other !== bucket),
        ),
      ),
    ),
    role === undefined ? undefined : lookAtRole(role, clients.iam, options),
    clients.account(),
  ]);
  return { tables, buckets, role: roleFact, ...(account === undefined ? {} : { account }) };
}
