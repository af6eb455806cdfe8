import { once } from "../staging/once.ts";
import {
  BUCKET_ADOPTION,
  BUCKET_RULES,
  EXPIRATION,
  REPLICATION,
  STAGED_DATA,
  SURVEY_ENVIRONMENT,
  SWEEP_RUN,
  USAGE_ROW,
  VERSIONING_READINESS,
} from "../staging/resources.ts";
import { serverClock } from "../staging/server-clock.ts";
import type { Dependencies } from "./deps.ts";
import type { Plugin } from "./plugin/types.ts";

/** Same as in package.json. */
export const VERSION = "0.1.0";

/** The staging provider. Everything beyond the server is loaded with the first resource that needs it. */
export const stagingPlugin: Plugin = {
  version: VERSION,
  schema: async () => (await import("./package-schema.ts")).packageSchemaText(VERSION),
  resources: {
    [STAGED_DATA]: async () => (await import("./staged-data.ts")).stagedData(await dependencies()),
    [REPLICATION]: async () =>
      (await import("./replication.ts")).replication(await dependencies(), await dynamo()),
    [EXPIRATION]: async () =>
      (await import("./expiration.ts")).expiration(await dependencies(), await dynamo()),
    [USAGE_ROW]: once(async () =>
      (await import("./usage-row.ts")).usageRow(await dependencies(), await dynamo()),
    ),
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
      const way = await access();
      const groups = autoScalingGroups(createAutoScalingClients(way));
      return sweepRun(await dependencies(), createBulkDynamoClients({ access: way }), groups);
    }),
  },
  functions: {
    [SURVEY_ENVIRONMENT]: async (args, context) => (await survey())(args, context),
  },
};

const dynamo = once(async () =>
  (await import("./dynamo-clients.ts")).createDynamoClients({ access: await access() }),
);

/** The connection to AWS, resolved once. */
const access = once(async () => (await import("../connection/access.ts")).openAccess());

/** Shared by all resources: the connections and the memory for the bytes on their way. */
const dependencies = once(async (): Promise<Dependencies> => {
  const [
    way,
    { accountOf, hasAccounts },
    { createS3Clients },
    { BufferPool },
    { DEFAULT_PATIENCE },
    { DEFAULT_SETTLING, DEFAULT_SPREADING },
  ] = await Promise.all([
    access(),
    import("../connection/account.ts"),
    import("./store/clients.ts"),
    import("./transfer/flow/buffers.ts"),
    import("./transfer/copy/replicate.ts"),
    import("./store/retry.ts"),
  ]);
  return {
    s3: createS3Clients({ access: way, account: (region) => accountOf(way, region) }),
    pool: new BufferPool(),
    patience: DEFAULT_PATIENCE,
    settling: DEFAULT_SETTLING,
    spreading: DEFAULT_SPREADING,
    isAws: hasAccounts(way.connection) === "always",
    now: () => serverClock.now(),
  };
});

const survey = once(async () => {
  const [{ surveyFunction }, deps] = await Promise.all([import("./survey/function.ts"), dependencies()]);
  return surveyFunction(deps, await access());
});
