import { readUserConfig } from "../stacks/user-config.ts";
import { InputError } from "../staging/errors.ts";
import { shellQuoted } from "../staging/shell.ts";
import { DEFAULT_SETTINGS } from "./defaults.ts";

/**
 * A command for the user to type, with the environment where it is another than the one that is taken when none is
 * named: a remedy that is pasted must not work on another environment than the one that it was given for.
 */
export function commandLine(command: string, environment: string, env = process.env): string {
  return environment === environmentTaken(env)
    ? command
    : `${command} --environment ${shellQuoted(environment)}`;
}

/** The environment that a command works on without `--environment`; undefined while the user's config cannot be read. */
function environmentTaken(env: NodeJS.ProcessEnv): string | undefined {
  if (env["SPAWN_ENVIRONMENT"]) return env["SPAWN_ENVIRONMENT"];
  try {
    return readUserConfig(env).settings.environment ?? DEFAULT_SETTINGS.environment;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
