import type { CustomResourceOptions } from "@pulumi/pulumi";
import type { EnvironmentSettings } from "../staging/environment.ts";

/**
 * The options of a resource that holds data. In an AWS account the engine refuses to delete it until it is unprotected, which
 * `spawn environment destroy` does.
 * @param adopted its id, where AWS has it and the stack's state has not: the state takes it over. Arguments that differ are
 * updated by the next update
 */
export function keep(
  cloud: EnvironmentSettings["cloud"],
  adopted: string | undefined,
): CustomResourceOptions {
  return {
    ...(cloud === "aws" ? { protect: true } : {}),
    ...(adopted === undefined ? {} : { import: adopted }),
  };
}
