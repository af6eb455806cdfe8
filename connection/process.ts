import { connectionVariables } from "./child-variables.ts";
import { proxyVariables } from "./proxy.ts";
import { isOnLocalCloud, type VariableChanges } from "./variables.ts";

/** Makes the changes in the variables of a process: of this one, whose libraries read some by themselves. */
export function applyChanges(env: NodeJS.ProcessEnv, changes: VariableChanges): void {
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
}

/**
 * For a plugin, which `pulumi` may have started in a shell that was changed after `spawn env`: on the local cloud nothing of
 * the user's AWS settings counts, and gRPC never takes a proxy to this machine.
 */
export function prepareProcess(env: NodeJS.ProcessEnv = process.env): void {
  if (!isOnLocalCloud(env)) {
    applyChanges(env, proxyVariables(env));
    return;
  }
  const region = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"];
  applyChanges(env, connectionVariables(env, { cloud: "local", endpoint: env["AWS_ENDPOINT_URL"], region }));
}
