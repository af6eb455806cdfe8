import { readUserConfig } from "../stacks/user-config.ts";
import { InputError } from "../staging/errors.ts";
import type { CommandText } from "../staging/option.ts";
import { shellQuoted } from "../staging/shell.ts";
import { DEFAULT_SETTINGS } from "./defaults.ts";

/**
 * A command for the user to run. It names the environment unless that is the default, so that a pasted command runs on the right
 * environment.
 */
export function commandLine(command: string, environment: string, env = process.env): string {
  return environment === environmentTaken(env)
    ? command
    : `${command} --environment ${shellQuoted(environment)}`;
}

/** {@link commandLine} for the commands of one environment. */
export const commandsIn =
  (environment: string): CommandText =>
  (command) =>
    commandLine(command, environment);

/** The shell command after which plain `pulumi` uses the environment's backend. */
export const engineShell = (environment: string): string =>
  `eval "$(${commandLine("spawn env", environment)})"`;

/** The environment of a command without `--environment`; undefined if the user's config cannot be read. */
export function environmentTaken(env: NodeJS.ProcessEnv): string | undefined {
  if (env["SPAWN_ENVIRONMENT"]) return env["SPAWN_ENVIRONMENT"];
  try {
    return readUserConfig(env).settings.environment ?? DEFAULT_SETTINGS.environment;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
