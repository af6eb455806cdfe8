import type { VariableChanges, Variables } from "../../connection/variables.ts";

/** The target of the engine. */
interface EngineTarget {
  readonly cloud: "local" | "aws";
  /** The engine's own folder, if the user's is not needed: with the state in the data folder. */
  readonly home?: string | undefined;
}

/** The passphrase of a state, and a file with it. The engine uses the first if it is set, even if it is empty. */
export const PASSPHRASE_VARIABLES = ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"] as const;

/**
 * The changes to the user's variables for an engine that works on the cloud. On the local cloud only those `PULUMI_*`
 * variables stay that locate the state or its passphrase. On AWS all of them are the user's own, and none is added: a
 * passphrase that the user has not chosen would not protect later secrets.
 */
export function engineVariables(env: Variables, { cloud, home }: EngineTarget): VariableChanges {
  const common = { PULUMI_SKIP_UPDATE_CHECK: "true" };
  if (cloud === "aws") return common;
  const hasPassphrase = PASSPHRASE_VARIABLES.some((name) => env[name] !== undefined);
  return {
    ...without(
      env,
      (name) => /^(PULUMI_|OTEL_)/.test(name) && !(home === undefined ? OF_STATE : ALWAYS).has(name),
    ),
    ...without(env, (name) => name === "TRACEPARENT"),
    ...(home === undefined ? {} : { PULUMI_HOME: home }),
    // The state in the data folder always has the empty passphrase, like Pulumi.dev.yaml: it holds no secrets. A
    // state in another location has the user's.
    ...(home === undefined && hasPassphrase ? {} : { PULUMI_CONFIG_PASSPHRASE: "" }),
    // The local cloud has all its plugins: a missing one is an error, not a download.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    ...common,
  };
}

const ALWAYS: ReadonlySet<string> = new Set(["PULUMI_BACKEND_URL", "PULUMI_DISABLE_CI_DETECTION"]);
/** Including the location of the state and its passphrase. */
const OF_STATE: ReadonlySet<string> = new Set([
  ...ALWAYS,
  "PULUMI_API",
  "PULUMI_ACCESS_TOKEN",
  "PULUMI_CREDENTIALS_PATH",
  "PULUMI_CREDENTIAL_STORE",
  "PULUMI_DEFAULT_ORGANIZATION",
  "PULUMI_HOME",
  ...PASSPHRASE_VARIABLES,
]);

/**
 * Further changes for an engine that `spawn` runs, on any cloud: its commands set their own options, and parse the
 * engine's output.
 */
export function commandVariables(env: Variables): VariableChanges {
  return {
    ...without(env, (name) => name.startsWith("PULUMI_OPTION_") || NOT_FOR_COMMANDS.has(name)),
    // Otherwise `preview --json` prints one document of another form at its end, and no events.
    PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
  };
}

const NOT_FOR_COMMANDS: ReadonlySet<string> = new Set([
  // Options of single commands, which each command sets itself.
  "PULUMI_STACK",
  "PULUMI_CONTINUE_ON_ERROR",
  "PULUMI_RUN_PROGRAM",
  "PULUMI_DEBUG_COMMANDS",
  // Without checkpoints a crash would lose created resources.
  "PULUMI_SKIP_CHECKPOINTS",
  // Required by the components.
  "PULUMI_DISABLE_RESOURCE_REFERENCES",
  "PULUMI_DISABLE_OUTPUT_VALUES",
  "PULUMI_DISABLE_PROVIDER_PREVIEW",
  "PULUMI_LEGACY_PROVIDER_PREVIEW",
  "PULUMI_ERROR_OUTPUT_STRING",
]);

/** The engine's variables for a Pulumi program; `spawn` is not one, and ignores them in its shell. */
export const programVariables = (env: Variables): VariableChanges =>
  without(env, (name) =>
    /^PULUMI_(NODEJS_|CONFIG$|CONFIG_SECRET_KEYS$|ENABLE_LEGACY_APPLY$|DEBUG_PROMISE_LEAKS$|DISABLE_RESOURCE_REFERENCES$|ERROR_OUTPUT_STRING$)/.test(
      name,
    ),
  );

function without(env: Variables, isUnwanted: (name: string) => boolean): VariableChanges {
  const names = Object.keys(env).filter((name) => env[name] !== undefined && isUnwanted(name));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}
