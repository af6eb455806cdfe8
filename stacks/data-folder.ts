import { homedir } from "node:os";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where spawn keeps its data on this machine: `$SPAWN_HOME/data`, else `$XDG_DATA_HOME/spawn`, else `~/.local/share/spawn`. */
export function dataFolder(variables: Environment = process.env): string {
  const own = variables["SPAWN_HOME"];
  if (own) return join(own, "data");
  return join(variables["XDG_DATA_HOME"] || join(homedir(), ".local/share"), "spawn");
}

/** The settings file of an entry's stack. The command line keeps it here, so that a checkout stays clean. */
export function entrySettingsPath(stack: string, variables: Environment = process.env): string {
  return join(dataFolder(variables), "stacks", `Pulumi.${stack}.yaml`);
}
