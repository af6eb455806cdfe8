import { once } from "../staging/once.ts";
import {
  BUCKET_ADOPTION,
  BUCKET_RULES,
  COMPARE_SOURCE,
  ENTRY_GUARD,
  EXPIRATION,
  PLUGIN_READY,
  REPLICATION,
  STAGED_DATA,
  SURVEY_ENVIRONMENT,
  SWEEP_RUN,
  USAGE_ROW,
  VERSIONING_READINESS,
} from "../staging/resources/tokens.ts";
import { serverClock } from "../staging/server-clock.ts";
import type { Dependencies } from "./deps.ts";
import type { Plugin } from "./plugin/types.ts";

/** Same as in package.json. */
export const VERSION = "0.1.0";

/** The staging provider. Each handler is loaded with the first resource that needs it. */
export const stagingPlugin: Plugin = {
  version: VERSION,
  resources: {
    [STAGED_DATA]: async () =>
      (await import("./staged-data.ts")).stagedData(await dependencies(), await dynamo()),
    [REPLICATION]: async () =>
      (await import("./replication.ts")).replication(await dependencies(), await dynamo()),
    [EXPIRATION]: async () =>
      (await import("./expiration.ts")).expiration(await dependencies(), await dynamo()),
    [USAGE_ROW]: once(async () =>
      (await import("./usage-row.ts")).usageRow(await dependencies(), await dynamo()),
    ),
    [ENTRY_GUARD]: async () =>
      (await import("./entry-guard.ts")).entryGuard(await dependencies(), await dynamo()),
    [VERSIONING_READINESS]: async () =>
      (await import("./versioning-readiness.ts")).versioningReadiness(await dependencies()),
    [BUCKET_ADOPTION]: async () =>
      (await import("./bucket-adoption.ts")).bucketAdoption(await dependencies()),
    [BUCKET_RULES]: async () => (await import("./bucket-rules.ts")).bucketRules(await dependencies()),
    [SWEEP_RUN]: once(async () => {
      const [{ sweepRun }, { autoScalingGroups, createAutoScalingClients }, { createBulkDynamoClients }] =
        await Promise.all([
          import("./sweep-run.ts"),
          import("./sweep/auto-scaling.ts"),
          import("./dynamo-clients.ts"),
        ]);
      const awsAccess = await access();
      const groups = autoScalingGroups(createAutoScalingClients(awsAccess));
      return sweepRun(await dependencies(), createBulkDynamoClients({ access: awsAccess }), groups);
    }),
  },
  functions: {
    [COMPARE_SOURCE]: async (args, context) =>
      (await import("./compare-source.ts")).compareSourceFunction(args, await dependencies(), context),
    [PLUGIN_READY]: async () => ({}),
    [SURVEY_ENVIRONMENT]: async (args, context) => (await survey())(args, context),
  },
  // The first resource that needs the code reports the error.
  preload: () => void Promise.all([dependencies(), import("./staged-data.ts")]).catch(() => undefined),
};

const dynamo = once(async () =>
  (await import("./dynamo-clients.ts")).createDynamoClients({ access: await access() }),
);

/** The connection to AWS, resolved once. */
const access = once(async () => (await import("../connection/access.ts")).openAccess("provider"));

/** Shared by all resources: connections, limits, memory and threads. */
const dependencies = once(async (): Promise<Dependencies> => {
  const [
    awsAccess,
    { accountOf, hasAccounts },
    { ServerCapabilities },
    { createS3Clients },
    { DataPlane },
    { DEFAULT_PATIENCE },
    { DEFAULT_SETTLING, DEFAULT_SPREADING },
  ] = await Promise.all([
    access(),
    import("../connection/account.ts"),
    import("./rules/capabilities.ts"),
    import("./store/clients.ts"),
    import("./transfer/data-plane.ts"),
    import("./transfer/replicate.ts"),
    import("./store/retry.ts"),
  ]);
  const plane = new DataPlane();
  return {
    s3: createS3Clients({
      access: awsAccess,
      account: (region) => accountOf(awsAccess, region),
      onThrottled: (bucket) => plane.limiters.throttled(bucket),
    }),
    plane,
    capabilities: new ServerCapabilities(),
    patience: DEFAULT_PATIENCE,
    settling: DEFAULT_SETTLING,
    spreading: DEFAULT_SPREADING,
    isAws: hasAccounts(awsAccess.connection) === "always",
    now: () => serverClock.now(),
  };
});

const survey = once(async () => {
  const [{ surveyFunction }, deps] = await Promise.all([import("./survey/function.ts"), dependencies()]);
  return surveyFunction(deps, await access());
});
