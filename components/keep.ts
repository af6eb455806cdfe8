import type { CustomResourceOptions } from "@pulumi/pulumi";
import type { EnvironmentSettings } from "../staging/environment.ts";

/**
 * Properties that another version or a user may have changed; the engine refuses to import a resource that differs.
 */
const CHANGEABLE = ["tags", "deletionProtectionEnabled", "pointInTimeRecovery", "ttl"] as const;

/**
 * Options of a resource that holds data. In an AWS account the engine refuses to delete it until `spawn environment
 * destroy` unprotects it.
 * @param adopted ID and region, `name@region`, of a resource that exists in AWS and not in the state. The state
 * imports it unchanged, and the next update applies the program.
 */
export function keep(
  cloud: EnvironmentSettings["cloud"],
  adopted: string | undefined,
): CustomResourceOptions {
  return {
    ...(cloud === "aws" ? { protect: true } : {}),
    ...(adopted === undefined ? {} : { import: adopted, ignoreChanges: [...CHANGEABLE] }),
  };
}
