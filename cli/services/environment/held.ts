import { heldIn } from "../../../staging/ownership/held.ts";
import type { Held } from "../../../staging/ownership/names.ts";
import type { StateResource } from "../../engine/state.ts";

/** What was taken over has its region in the outputs only. */
export const propertiesOf = ({
  inputs = {},
  outputs = {},
}: StateResource): Readonly<Record<string, unknown>> => ({
  ...inputs,
  ...outputs,
});

/** What the state of an environment's stack holds. */
export function heldOf(resources: readonly StateResource[]): Held {
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const entries = resources.map((resource) => ({ ...resource, properties: propertiesOf(resource) }));
  return heldIn(entries, stack?.outputs?.["cloud"]);
}
