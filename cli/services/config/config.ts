import { readEnvironmentValues } from "../../../stacks/environment-file.ts";
import { readUserConfig, type UserSettings } from "../../../stacks/user-config.ts";
import { bucketOf, settingsFileName } from "../../../staging/environment.ts";
import { isRecord } from "../../../staging/type-guards.ts";
import type { Context } from "../../context.ts";
import { DEFAULT_SETTINGS } from "../../defaults.ts";
import { type ConfigKey, keysOf } from "./keys.ts";

/** The value of one key and where it comes from. */
export interface ConfigEntry {
  readonly key: string;
  /** `null`: none; the backend of `pulumi login` applies. */
  readonly value: string | null;
  /** `user config`, `default`, the name of a variable, or of the environment's settings file. */
  readonly source: string;
  /** The environment of the value; absent if it applies to all. */
  readonly environment?: string;
  /** For a bucket: whether it is adopted. */
  readonly adopted?: boolean;
}

/** All keys of the environment. @throws InputError if the environment or the user config cannot be read */
export async function listConfig(
  context: Pick<Context, "environmentName" | "projectFolder" | "settings" | "stateUrl">,
): Promise<ConfigEntry[]> {
  const keys = keysOf(await context.settings());
  return Promise.all(keys.map((key) => getConfig(context, key)));
}

/** The effective value: from the variable, the user config, the settings file or the default, in this order. */
export async function getConfig(
  context: Pick<Context, "environmentName" | "projectFolder" | "settings" | "stateUrl">,
  key: ConfigKey,
): Promise<ConfigEntry> {
  switch (key.kind) {
    case "setting":
      return settingEntry(key.name);
    case "backend":
      return backendEntry(context, key.name);
    case "bucket":
      return bucketEntry(context, key);
  }
}

function settingEntry(key: keyof UserSettings): ConfigEntry {
  const variable = key === "environment" ? process.env["SPAWN_ENVIRONMENT"] : undefined;
  if (variable) return { key, value: variable, source: "SPAWN_ENVIRONMENT" };
  const own = readUserConfig().settings[key];
  return own === undefined
    ? { key, value: DEFAULT_SETTINGS[key], source: "default" }
    : { key, value: own, source: "user config" };
}

async function backendEntry(
  context: Pick<Context, "environmentName" | "stateUrl">,
  key: string,
): Promise<ConfigEntry> {
  const environment = context.environmentName;
  const value = (await context.stateUrl()) ?? null;
  if (process.env["PULUMI_BACKEND_URL"]) return { key, value, source: "PULUMI_BACKEND_URL", environment };
  const isOwn = readUserConfig().environments.get(environment)?.backendUrl !== undefined;
  return { key, value, source: isOwn ? "user config" : "default", environment };
}

async function bucketEntry(
  context: Pick<Context, "environmentName" | "projectFolder" | "settings">,
  { name: key, region }: Extract<ConfigKey, { kind: "bucket" }>,
): Promise<ConfigEntry> {
  const environment = context.environmentName;
  const settings = await context.settings();
  const bucket = {
    key,
    value: bucketOf(settings, region),
    environment,
    adopted: settings.adopted.has(region),
  };
  if (readUserConfig().environments.get(environment)?.buckets.has(region) === true) {
    return { ...bucket, source: "user config" };
  }
  const { buckets, bucketPrefix } = await readEnvironmentValues(context.projectFolder, environment);
  const isInFile = (isRecord(buckets) && buckets[region] !== undefined) || bucketPrefix !== undefined;
  return { ...bucket, source: isInFile ? settingsFileName(environment) : "default" };
}
