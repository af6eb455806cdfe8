import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { replaceFile } from "../../../files/replace.ts";
import { withLock } from "../../../local/lock.ts";
import {
  type ConfiguredBucket,
  type EnvironmentOverlay,
  readUserConfig,
  renderUserConfig,
  type SettingKey,
  type UserConfig,
  userConfigPath,
} from "../../../stacks/user-config.ts";
import { UserError } from "../../../staging/errors.ts";
import type { Region } from "../../../staging/regions.ts";
import type { ConfigKey } from "./keys.ts";

/** A checked value for its key; undefined removes the value. */
export type ConfigChange =
  | { readonly kind: "setting"; readonly name: SettingKey; readonly value: string | undefined }
  | { readonly kind: "backend"; readonly value: string | undefined }
  | { readonly kind: "bucket"; readonly region: Region; readonly value: ConfiguredBucket | undefined };

/** Stores a value. @throws UserError if the file cannot be written */
export async function setConfig(value: ConfigChange, environment: string): Promise<void> {
  await change((config) => changed(config, value, environment));
}

/** Removes a value. @returns whether there was one. @throws UserError if the file cannot be written */
export async function unsetConfig(key: ConfigKey, environment: string): Promise<boolean> {
  let there = false;
  await change((config) => {
    there = has(config, key, environment);
    return changed(config, { ...key, value: undefined }, environment);
  });
  return there;
}

/** Reads, changes and replaces the file under a lock. */
async function change(edit: (config: UserConfig) => UserConfig): Promise<void> {
  const path = userConfigPath();
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await withLock(`${path}.lock`, {}, async () => {
      const text = renderUserConfig(edit(readUserConfig()));
      await replaceFile(path, text, 0o600);
    });
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    throw new UserError(`the configuration ${path} could not be written`, {
      why: error.message,
      fix: `Make ${dirname(path)} a folder with write permission, or set SPAWN_CONFIG_DIR to another one.`,
      cause: error,
    });
  }
}

const NO_OVERLAY: EnvironmentOverlay = { backendUrl: undefined, buckets: new Map() };

function has({ settings, environments }: UserConfig, key: ConfigKey, environment: string): boolean {
  const overlay = environments.get(environment) ?? NO_OVERLAY;
  if (key.kind === "setting") return settings[key.name] !== undefined;
  return key.kind === "backend" ? overlay.backendUrl !== undefined : overlay.buckets.has(key.region);
}

function changed({ settings, environments }: UserConfig, to: ConfigChange, environment: string): UserConfig {
  if (to.kind === "setting") {
    const { [to.name]: _before, ...others } = settings;
    return { environments, settings: to.value === undefined ? others : { ...others, [to.name]: to.value } };
  }
  const overlay = environments.get(environment) ?? NO_OVERLAY;
  const next =
    to.kind === "backend"
      ? { ...overlay, backendUrl: to.value }
      : { ...overlay, buckets: withBucket(overlay.buckets, to.region, to.value) };
  const all = new Map(environments).set(environment, next);
  if (next.backendUrl === undefined && next.buckets.size === 0) all.delete(environment);
  return { settings, environments: all };
}

function withBucket(
  buckets: EnvironmentOverlay["buckets"],
  region: Region,
  bucket: ConfiguredBucket | undefined,
): EnvironmentOverlay["buckets"] {
  const next = new Map(buckets);
  if (bucket === undefined) next.delete(region);
  else next.set(region, bucket);
  return next;
}
