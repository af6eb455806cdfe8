import { connectionVariables } from "./child-variables.ts";
import { proxyVariables } from "./proxy.ts";
import { isOnLocalCloud, type VariableChanges } from "./variables.ts";

/** Applies the changes to the variables of this process, because some libraries read them directly. */
export function applyChanges(env: NodeJS.ProcessEnv, changes: VariableChanges): void {
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
}

/**
 * For a plugin, which `pulumi` may have started in a shell that changed after `spawn env`: the local cloud ignores
 * the user's AWS settings, and gRPC never uses a proxy to this machine.
 */
export function prepareProcess(env: NodeJS.ProcessEnv = process.env): void {
  if (!isOnLocalCloud(env)) {
    applyChanges(env, proxyVariables(env));
    return;
  }
  const region = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"];
  applyChanges(env, connectionVariables(env, { cloud: "local", endpoint: env["AWS_ENDPOINT_URL"], region }));
}
