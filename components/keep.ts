import type { CustomResourceOptions } from "@pulumi/pulumi";
import type { EnvironmentSettings } from "../staging/environment.ts";

/** What another version of this program, or somebody by hand, may have set otherwise: the engine imports no resource that differs. */
const CHANGEABLE = ["tags", "deletionProtectionEnabled", "pointInTimeRecovery", "ttl"] as const;

/**
 * The options of a resource that holds data. In an AWS account the engine refuses to delete it until it is unprotected, which
 * `spawn environment destroy` does.
 * @param adopted its id and region, `name@region`, where AWS has it and the stack's state has not: the state takes it over as
 * it is, and the next update makes it what the program says
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
