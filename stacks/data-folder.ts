import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The folder of spawn's data on this machine: `$SPAWN_HOME/data`, else `$XDG_DATA_HOME/spawn`, else
 * `~/.local/share/spawn`. A relative `XDG_DATA_HOME` is ignored, as the specification requires:
 * https://specifications.freedesktop.org/basedir-spec/latest/
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
 * The folder of the user's settings: `$SPAWN_CONFIG_DIR`, which the command line sets for oclif, else
 * `$SPAWN_HOME/config`, else `$XDG_CONFIG_HOME/spawn`, else `~/.config/spawn`.
 */
export function configFolder(variables: Variables = process.env): string {
  const configured = variables["SPAWN_CONFIG_DIR"];
  if (configured) return resolve(configured);
  const own = variables["SPAWN_HOME"];
  if (own) return join(resolve(own), "config");
  const shared = variables["XDG_CONFIG_HOME"];
  const base = shared && isAbsolute(shared) ? shared : join(variables["HOME"] || homedir(), ".config");
  return join(base, "spawn");
}

/** The settings file of the stack of an entry or a sweep, outside of the checkout so that it stays clean. */
export function entrySettingsPath(stack: string, variables: Variables = process.env): string {
  return join(dataFolder(variables), "stacks", `Pulumi.${stack}.yaml`);
}
