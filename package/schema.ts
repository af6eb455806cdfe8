import { stagingEntryComponent } from "../staging/components/staging-entry.ts";
import { stagingEnvironmentComponent } from "../staging/components/staging-environment.ts";
import { sweepComponent } from "../staging/components/sweep.ts";
import { bucketAdoptionResource } from "../staging/resources/bucket-adoption.ts";
import { bucketRulesResource } from "../staging/resources/bucket-rules.ts";
import { compareSourceFunction } from "../staging/resources/compare-source.ts";
import { entryGuardResource } from "../staging/resources/entry-guard.ts";
import { expirationResource } from "../staging/resources/expiration.ts";
import { pluginReadyFunction } from "../staging/resources/plugin-ready.ts";
import { replicationResource } from "../staging/resources/replication.ts";
import { stagedDataResource } from "../staging/resources/staged-data.ts";
import { surveyEnvironmentFunction } from "../staging/resources/survey.ts";
import { sweepRunResource } from "../staging/resources/sweep-run.ts";
import { usageRowResource } from "../staging/resources/usage-row.ts";
import { versioningReadinessResource } from "../staging/resources/versioning-readiness.ts";
import { PackageTypes } from "./package-types.ts";

const RESOURCES = [
  bucketAdoptionResource,
  bucketRulesResource,
  entryGuardResource,
  expirationResource,
  replicationResource,
  stagedDataResource,
  sweepRunResource,
  usageRowResource,
  versioningReadinessResource,
];

export const COMPONENTS = [stagingEntryComponent, stagingEnvironmentComponent, sweepComponent];

/** The Pulumi schema of the package `staging`, from the declarations of its types. https://www.pulumi.com/docs/iac/using-pulumi/pulumi-packages/schema/ */
export function packageSchema(version: string): object {
  const types = new PackageTypes("staging");
  const resources = RESOURCES.map((declaration) => [declaration.token, types.resource(declaration)]);
  const components = COMPONENTS.map((declaration) => [declaration.token, types.component(declaration)]);
  const functions = [compareSourceFunction, pluginReadyFunction, surveyEnvironmentFunction].map(
    (declaration) => [declaration.token, types.function(declaration)],
  );
  return {
    name: "staging",
    displayName: "Spawn staging",
    version,
    description: "Stages datasets in a bucket of each region, next to the machines that read them.",
    keywords: ["category/cloud", "kind/native", "aws", "s3"],
    license: "Apache-2.0",
    meta: { moduleFormat: "(.*)" },
    language: { python: { respectSchemaVersion: true, pyproject: { enabled: true } } },
    config: {},
    types: types.all,
    provider: { description: "The staging provider. It finds AWS credentials as the AWS SDK does." },
    resources: Object.fromEntries([...components, ...resources]),
    functions: Object.fromEntries(functions),
  };
}

/** The text of `schemas/pulumi.schema.json`. */
export const packageSchemaText = (version: string): string =>
  `${JSON.stringify(packageSchema(version), null, 2)}\n`;
