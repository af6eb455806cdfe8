const DEFAULT_ENVIRONMENT = "dev";

/**
 * A command for the user to type, with the environment where it is another than the one that is taken when none is
 * named: a remedy that is pasted must not work on another environment than the one that it was given for.
 */
export function commandLine(command: string, environment: string, env = process.env): string {
  const taken = env["SPAWN_ENVIRONMENT"] || DEFAULT_ENVIRONMENT;
  return environment === taken ? command : `${command} --environment ${environment}`;
}
