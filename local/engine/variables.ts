import type { VariableChanges, Variables } from "../../connection/variables.ts";

/**
 * What has to change in the user's variables so that the engine works on the cloud: the passphrase of its state, and where
 * its plugins come from.
 */
export function engineVariables(env: Variables, cloud: "local" | "aws"): VariableChanges {
  return {
    ...passphrase(env, cloud),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...(cloud === "local" ? ON_LOCAL_CLOUD : {}),
  };
}

/** Everything that the local cloud needs is here: a plugin that is missing is an error, not a download. */
const ON_LOCAL_CLOUD: VariableChanges = { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };

/**
 * The stacks hold no secrets, but the engine insists on a passphrase. On the local cloud it is the empty one, which
 * Pulumi.dev.yaml is made for. Elsewhere the user's own is kept: the engine takes the variable that is set, even to
 * nothing, before the file that PULUMI_CONFIG_PASSPHRASE_FILE names.
 */
function passphrase(env: Variables, cloud: "local" | "aws"): VariableChanges {
  const { PULUMI_CONFIG_PASSPHRASE: own, PULUMI_CONFIG_PASSPHRASE_FILE: file } = env;
  if (cloud === "local") {
    return {
      PULUMI_CONFIG_PASSPHRASE: "",
      ...(file === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE_FILE: undefined }),
    };
  }
  if (own !== undefined) return { PULUMI_CONFIG_PASSPHRASE: own };
  return file ? {} : { PULUMI_CONFIG_PASSPHRASE: "" };
}
