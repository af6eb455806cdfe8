import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseReplicationMethod, type ReplicationMethod } from "../staging/entry.ts";
import { type EnvironmentSettings, parseBucketName, parseEnvironmentName } from "../staging/environment.ts";
import { InputError, messageOf } from "../staging/errors.ts";
import { type PriceBookName, parsePriceBookName } from "../staging/price-book.ts";
import { parseRegion, parseRegionList, type Region } from "../staging/regions.ts";
import { shellPath } from "../staging/shell.ts";
import { parseTtlDays } from "../staging/ttl.ts";
import { isRecord, isStringArray } from "../staging/type-guards.ts";
import { configFolder } from "./data-folder.ts";

/** The user's settings for all environments, as the text of the flag. */
export interface UserSettings {
  readonly environment: string;
  readonly prices: PriceBookName;
  /** Separated by commas; the first is the primary region. */
  readonly "staging.regions": string;
  readonly "staging.replication": ReplicationMethod;
  /** Days. */
  readonly "staging.ttl": string;
}
export type SettingKey = keyof UserSettings;

const SETTING_PARSERS: { readonly [K in SettingKey]: (text: string) => UserSettings[K] } = {
  environment: parseEnvironmentName,
  prices: parsePriceBookName,
  "staging.regions": (text) => parseRegionList(text).join(","),
  "staging.replication": parseReplicationMethod,
  "staging.ttl": (text) => String(parseTtlDays(text)),
};
export const SETTING_KEYS = Object.keys(SETTING_PARSERS) as SettingKey[];
export const isSettingKey = (text: string): text is SettingKey => Object.hasOwn(SETTING_PARSERS, text);

/** @throws InputError if `text` is not a valid value of the key */
export const parseSetting = <K extends SettingKey>(key: K, text: string): UserSettings[K] =>
  SETTING_PARSERS[key](text);

/** A bucket that overrides the one in `Pulumi.<environment>.yaml`. */
export interface ConfiguredBucket {
  readonly name: string;
  /** Whether the user created it, so that it is adopted. */
  readonly adopt: boolean;
}

/** The user's settings for one environment. */
export interface EnvironmentOverlay {
  /** The backend of the stacks' state. */
  readonly backendUrl: string | undefined;
  readonly buckets: ReadonlyMap<Region, ConfiguredBucket>;
}

export interface UserConfig {
  readonly settings: Partial<UserSettings>;
  readonly environments: ReadonlyMap<string, EnvironmentOverlay>;
}

export const BACKEND_KEY = "backend.url";
export const BUCKET_KEY_PREFIX = "staging.bucket.";

type Variables = Readonly<Record<string, string | undefined>>;

/** The file that `spawn config` keeps. */
export const userConfigPath = (variables: Variables = process.env): string =>
  join(configFolder(variables), "config.json");

/**
 * Reads the user's configuration; empty if the file does not exist. Synchronous, because the file is small, and
 * defaults of flags and fixes in errors depend on it.
 * @throws InputError that names the file and the fix, if it is damaged
 */
export function readUserConfig(variables: Variables = process.env): UserConfig {
  const file = userConfigPath(variables);
  const text = readIfThere(file);
  if (text === undefined) return { settings: {}, environments: new Map() };
  try {
    return parseUserConfig(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof InputError || error instanceof SyntaxError)) throw error;
    throw new InputError(`the configuration ${file} cannot be used`, {
      why: messageOf(error),
      fix: `Correct the file, or start again without it: rm ${shellPath(file)}`,
    });
  }
}

/** The text of the file for {@link readUserConfig}. */
export function renderUserConfig({ settings, environments }: UserConfig): string {
  const ofEnvironments = [...environments].map(([name, { backendUrl, buckets }]) => [
    name,
    {
      ...(backendUrl === undefined ? {} : { [BACKEND_KEY]: backendUrl }),
      ...Object.fromEntries(
        [...buckets].map(([region, bucket]) => [`${BUCKET_KEY_PREFIX}${region}`, bucket]),
      ),
    },
  ]);
  return `${JSON.stringify({ ...settings, environments: Object.fromEntries(ofEnvironments) }, null, 2)}\n`;
}

/** By hand: every command reads this file at its start, and the schema library would be the largest module of `--help`. */
function parseUserConfig(content: unknown): UserConfig {
  if (!isRecord(content)) throw new InputError("it is not a JSON object");
  const { environments = {}, ...values } = content;
  const settings: Record<string, string> = {};
  for (const [key, value] of Object.entries(values)) {
    if (!isSettingKey(key)) throw new InputError(`"${key}" is not a known key`);
    settings[key] = parseSetting(key, textAt(key, value));
  }
  if (!isRecord(environments)) throw new InputError('"environments" is not an object');
  const overlays = Object.entries(environments).map(
    ([name, value]) => [parseEnvironmentName(name), parseOverlay(name, value)] as const,
  );
  return { settings: settings as Partial<UserSettings>, environments: new Map(overlays) };
}

function parseOverlay(name: string, value: unknown): EnvironmentOverlay {
  if (!isRecord(value)) throw new InputError(`"${name}" is not an object`);
  const { [BACKEND_KEY]: url, ...others } = value;
  const buckets = Object.entries(others).map(([key, bucket]) => {
    if (!key.startsWith(BUCKET_KEY_PREFIX)) throw new InputError(`"${key}" is not a known key`);
    if (!isRecord(bucket) || typeof bucket["adopt"] !== "boolean") {
      throw new InputError(`"${key}" needs a name and adopt`);
    }
    const configured = { name: parseBucketName(textAt(key, bucket["name"])), adopt: bucket["adopt"] };
    return [parseRegion(key.slice(BUCKET_KEY_PREFIX.length)), configured] as const;
  });
  const backendUrl = url === undefined ? undefined : parseBackendUrl(textAt(BACKEND_KEY, url));
  return { backendUrl, buckets: new Map(buckets) };
}

/**
 * The environment with the buckets that the user configured for it.
 * @throws InputError if it has no such region, or two buckets would have the same name
 */
export function overlaid(
  settings: EnvironmentSettings,
  overlay: EnvironmentOverlay | undefined,
): EnvironmentSettings {
  if (overlay === undefined || overlay.buckets.size === 0) return settings;
  const buckets = new Map(settings.buckets);
  const adopted = new Set(settings.adopted);
  const bucketKeys = new Map(settings.keys.buckets);
  const unnamedBuckets = new Set(settings.keys.unnamedBuckets);
  for (const [region, { name, adopt }] of overlay.buckets) {
    const key = `${BUCKET_KEY_PREFIX}${region}`;
    const fix = `spawn config unset ${key} --environment ${settings.name}`;
    if (!buckets.has(region)) {
      throw new InputError(`${key} is configured, and environment ${settings.name} has no region ${region}`, {
        why: `It has ${settings.regions.join(", ")}.`,
        fix: `${fix}, or add the region to spawn:regions in Pulumi.${settings.name}.yaml`,
      });
    }
    buckets.set(region, name);
    bucketKeys.set(region, `${key} (spawn config)`);
    unnamedBuckets.delete(region);
    if (adopt) adopted.add(region);
    else adopted.delete(region);
  }
  for (const [region, { name }] of overlay.buckets) {
    const [twin] = [...buckets].find(([other, bucket]) => other !== region && bucket === name) ?? [];
    if (twin === undefined) continue;
    throw new InputError(`the bucket ${name} is configured for ${region} and for ${twin}`, {
      why: "A bucket is in one region.",
      fix: `spawn config unset ${BUCKET_KEY_PREFIX}${region} --environment ${settings.name}`,
    });
  }
  return { ...settings, buckets, adopted, keys: { ...settings.keys, buckets: bucketKeys, unnamedBuckets } };
}

/** Backends of the Pulumi engine. https://www.pulumi.com/docs/iac/concepts/state-and-backends/ */
const BACKEND_URL = /^(file:\/\/(\/|~)|(s3|gs|azblob|https):\/\/[^\s/]+)\S*$/;

/** @throws InputError if `text` is not the URL of a backend that the engine supports */
export function parseBackendUrl(text: string): string {
  if (!BACKEND_URL.test(text)) {
    throw new InputError(`"${text}" is not the URL of a backend`, {
      why: "It is s3://BUCKET, gs://BUCKET, azblob://CONTAINER, https://HOST (Pulumi Cloud) or file:///FOLDER, without spaces.",
    });
  }
  return text;
}

/**
 * A value in the form that `spawn config set` writes or that a user writes by hand: a number, or a list of strings.
 */
function textAt(key: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (Number.isSafeInteger(value)) return String(value);
  if (isStringArray(value)) return value.join(",");
  throw new InputError(`the value of "${key}" must be a text`);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").replace(/^\ufeff/, "");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new InputError(`the configuration ${file} cannot be read`, {
      why: messageOf(error),
      fix: `Make it readable: chmod u+r ${shellPath(file)}`,
    });
  }
}
