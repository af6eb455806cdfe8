import type { Variables } from "../connection/variables.ts";
import { InputError } from "../staging/errors.ts";

const NAMESPACE = "aws:";

/** An AWS profile, and the key of the configuration that names it. */
export interface ConfiguredProfile {
  readonly name: string;
  readonly source: string;
}

/**
 * The AWS settings in the configuration of an environment. `aws:profile` applies to every part. `aws:region` is
 * accepted because Pulumi's templates have it, and ignored because each resource names its region. Every other key
 * would reach at most one part.
 * @param config all keys with their namespaces
 * @param file named in errors
 * @throws InputError that names an unsupported key
 */
export function configuredProfile(
  config: Readonly<Record<string, unknown>>,
  file: string,
): ConfiguredProfile | undefined {
  const keys = Object.keys(config).filter((key) => key.startsWith(NAMESPACE));
  const unknown = keys.find((key) => key !== "aws:profile" && key !== "aws:region");
  if (unknown !== undefined) {
    throw new InputError(`${file}: ${unknown} cannot be used here`, {
      why: "Pulumi's AWS provider would use it, but the data plane would not.",
      fix: `Remove it. Put settings of the account into an AWS profile: export AWS_PROFILE=NAME, or aws:profile: NAME in ${file}.`,
    });
  }
  const name = config["aws:profile"];
  if (name === undefined || name === "") return undefined;
  if (typeof name !== "string") throw new InputError(`${file}: aws:profile must be the name of a profile`);
  return { name, source: `aws:profile in ${file}` };
}

/**
 * For a program that plain `pulumi` runs: the plugins have started with the shell's variables, which must name the
 * same profile.
 * @throws InputError if they do not
 */
export function requireProfile(
  profile: ConfiguredProfile | undefined,
  environment: string,
  env: Variables,
): void {
  if (profile === undefined) return;
  const hasKeys = Boolean(env["AWS_ACCESS_KEY_ID"]) && Boolean(env["AWS_SECRET_ACCESS_KEY"]);
  if (env["AWS_PROFILE"] === profile.name && !hasKeys) return;
  throw new InputError(`this shell has other AWS credentials than ${profile.source} names`, {
    why: hasKeys
      ? "AWS_ACCESS_KEY_ID is set, which overrides every profile."
      : `AWS_PROFILE is ${env["AWS_PROFILE"] || "not set"}; the profile is ${profile.name}.`,
    fix: `eval "$(spawn env --environment ${environment})"`,
  });
}
