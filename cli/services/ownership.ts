import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import { type EnvironmentSettings, replicationRoleName } from "../../staging/environment.ts";
import { InputError } from "../../staging/errors.ts";
import { describeMissing, missingOf } from "../../staging/ownership/missing.ts";
import { type EnvironmentFacts, type SurveyRequest, tablesOf } from "../../staging/ownership/names.ts";
import { refuseOthers } from "../../staging/ownership/taken.ts";
import type { Region } from "../../staging/regions.ts";
import { commandLine } from "../command-line.ts";
import type { Context } from "../context.ts";

/*
 * Every command works only on tables and buckets that do not carry another environment's tags. The context asks once in a
 * process, before it hands out the first client for them.
 */

/** @throws InputError when one of the tables belongs to another environment; it names the key */
export async function refuseOthersTables(
  settings: EnvironmentSettings,
  client: DynamoDBClient,
): Promise<void> {
  const { lookAtTable } = await import("../../provider/survey/table.ts");
  const tables = await Promise.all(
    tablesOf(settings).map(({ name }) => lookAtTable({ region: settings.tableRegion, name }, client, {})),
  );
  refuseOthers(settings, { tables, buckets: [] });
}

/** @throws InputError when the bucket of `region` belongs to another environment; it names the key */
export async function refuseOthersBucket(
  settings: EnvironmentSettings,
  region: Region,
  client: S3Client,
): Promise<void> {
  const name = settings.buckets.get(region);
  if (name === undefined) return;
  const { ownerOfBucket } = await import("../../provider/survey/bucket.ts");
  const owner = await ownerOfBucket(name, client, {});
  refuseOthers(settings, { tables: [], buckets: [{ region, name, state: "there", owner }] });
}

/** What AWS has of the environment, by the clients of the command line. */
export async function surveyOf(context: Context, request: SurveyRequest): Promise<EnvironmentFacts> {
  const { surveyEnvironment } = await import("../../provider/survey/survey.ts");
  return await surveyEnvironment(request, {
    s3: (region) => context.anyBucketsS3(region as Region),
    dynamodb: () => context.dynamo(),
    iam: () => context.iam(),
  });
}

/** All names of the environment, with the settings of its buckets. */
export function wholeEnvironment(
  settings: EnvironmentSettings,
  regions: readonly Region[] = settings.regions,
): SurveyRequest {
  return {
    tables: tablesOf(settings).map(({ name }) => ({ region: settings.tableRegion, name })),
    buckets: regions.flatMap((region) => {
      const name = settings.buckets.get(region);
      return name === undefined ? [] : [{ region, name, settings: true }];
    }),
    ...(settings.regions.length > 1 ? { role: replicationRoleName(settings) } : {}),
  };
}

/**
 * Makes sure that an environment is complete in the regions of an entry: a creation may have failed half way.
 * @throws InputError that names what it lacks
 */
export async function requireWhole(context: Context, regions: readonly Region[]): Promise<void> {
  const settings = await context.settings();
  const facts = await surveyOf(context, wholeEnvironment(settings, regions));
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
