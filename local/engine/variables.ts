import type { VariableChanges, Variables } from "../../connection/variables.ts";

/** What the engine is to work on. */
export interface EngineTarget {
  readonly cloud: "local" | "aws";
  /** The engine's own folder, where none of the user's is needed: with the state in the data folder. */
  readonly home?: string | undefined;
}

/** The passphrase of a state, and a file that has it. The engine takes the first where it is set, even to nothing. */
export const PASSPHRASE_VARIABLES = ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"] as const;

/**
 * What has to change in the user's variables so that the engine works on the cloud. On the local cloud a variable of Pulumi
 * counts only if it says where the state is, or who may read it. On AWS all of them are the user's own, and none is added: a
 * passphrase that the user has not chosen would protect nothing that they encrypt later.
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
    // The state in the data folder is always made with the empty one, as Pulumi.dev.yaml is: it holds no secrets, and the
    // user's passphrase is for other states. A state in another place has the user's.
    ...(home === undefined && hasPassphrase ? {} : { PULUMI_CONFIG_PASSPHRASE: "" }),
    // Everything that the local cloud needs is here: a plugin that is missing is an error, not a download.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    ...common,
  };
}

const ALWAYS: ReadonlySet<string> = new Set(["PULUMI_BACKEND_URL", "PULUMI_DISABLE_CI_DETECTION"]);
/** Where the state is and who may read it, too. */
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
 * What has to change further for an engine that `spawn` runs, on any cloud: its commands have their own options, and read
 * what the engine prints.
 */
export function commandVariables(env: Variables): VariableChanges {
  return {
    ...without(env, (name) => name.startsWith("PULUMI_OPTION_") || NOT_FOR_COMMANDS.has(name)),
    // Else `preview --json` prints one document of another form at its end, and no events.
    PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
  };
}

const NOT_FOR_COMMANDS: ReadonlySet<string> = new Set([
  // Options of single commands, which each command gives itself where it wants them.
  "PULUMI_STACK",
  "PULUMI_CONTINUE_ON_ERROR",
  "PULUMI_RUN_PROGRAM",
  "PULUMI_DEBUG_COMMANDS",
  // Without checkpoints a crash would lose what was made.
  "PULUMI_SKIP_CHECKPOINTS",
  // What the components rely on.
  "PULUMI_DISABLE_RESOURCE_REFERENCES",
  "PULUMI_DISABLE_OUTPUT_VALUES",
  "PULUMI_DISABLE_PROVIDER_PREVIEW",
  "PULUMI_LEGACY_PROVIDER_PREVIEW",
  "PULUMI_ERROR_OUTPUT_STRING",
]);

/** What the engine tells a program of Pulumi; `spawn` is none, and takes no such message from the shell that it runs in. */
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
