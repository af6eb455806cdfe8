import type { CustomResourceOptions } from "@pulumi/pulumi";

/**
 * A transform of one child resource: arguments that override the component's own, or a function that changes
 * arguments and options before the declaration.
 *
 * @example { tags: { team: "genomics" } }
 * @example (args, options) => { options.protect = true; }
 */
export type Transform<Args extends object> =
  | Partial<Args>
  | ((args: Args, options: CustomResourceOptions) => void);

/** The constructor's arguments of a child resource after its transform. Does not modify its inputs. */
export function child<Args extends object>(
  transform: Transform<Args> | undefined,
  name: string,
  args: Args,
  options: CustomResourceOptions,
): [name: string, args: Args, options: CustomResourceOptions] {
  if (typeof transform !== "function") return [name, { ...args, ...transform }, options];
  const ownArgs = { ...args };
  const ownOptions = { ...options };
  transform(ownArgs, ownOptions);
  return [name, ownArgs, ownOptions];
}
