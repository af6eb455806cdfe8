import type { CustomResourceOptions } from "@pulumi/pulumi";

/**
 * The escape hatch of one child resource: arguments to set in place of the component's own, or a function that
 * changes its arguments and options just before it is declared.
 *
 * @example { tags: { team: "genomics" } }
 * @example (args, options) => { options.protect = true; }
 */
export type Transform<Args extends object> =
  | Partial<Args>
  | ((args: Args, options: CustomResourceOptions) => void);

/** The constructor's arguments of a child resource, after its transform. Changes nothing that it was given. */
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
