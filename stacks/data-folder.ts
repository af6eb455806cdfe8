import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Where spawn keeps its data on this machine: `$SPAWN_HOME/data`, else `$XDG_DATA_HOME/spawn`, else `~/.local/share/spawn`.
 * A relative `XDG_DATA_HOME` is ignored, as the specification asks: https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function dataFolder(variables: Variables = process.env): string {
  const own = variables["SPAWN_HOME"];
  if (own) return join(resolve(own), "data");
  const shared = variables["XDG_DATA_HOME"];
  const base =
    shared && isAbsolute(shared) ? shared : join(variables["HOME"] || homedir(), ".local", "share");
  return join(base, "spawn");
}

/**
 * Where the user's own settings are: `$SPAWN_CONFIG_DIR`, by which the command line tells oclif, else `$SPAWN_HOME/config`,
 * else `$XDG_CONFIG_HOME/spawn`, else `~/.config/spawn`.
 */
export function configFolder(variables: Variables = process.env): string {
  const told = variables["SPAWN_CONFIG_DIR"];
  if (told) return resolve(told);
  const own = variables["SPAWN_HOME"];
  if (own) return join(resolve(own), "config");
  const shared = variables["XDG_CONFIG_HOME"];
  const base = shared && isAbsolute(shared) ? shared : join(variables["HOME"] || homedir(), ".config");
  return join(base, "spawn");
}

/** The settings file of the stack of an entry or a sweep. The command line keeps it here, so that a checkout stays clean. */
export function entrySettingsPath(stack: string, variables: Variables = process.env): string {
  return join(dataFolder(variables), "stacks", `Pulumi.${stack}.yaml`);
}
