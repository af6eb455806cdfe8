import { itemsInState } from "../../../staging/declared-ids.ts";
import type { EntrySpec } from "../../../staging/entry.ts";
import { heldIn } from "../../../staging/ownership/held.ts";
import type { Held } from "../../../staging/ownership/names.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import type { StateResource } from "../../engine/state.ts";

/** The properties of a resource. An imported one has its region in the outputs only. */
export const propertiesOf = ({
  inputs = {},
  outputs = {},
}: StateResource): Readonly<Record<string, unknown>> => ({
  ...inputs,
  ...outputs,
});

/** The names of the items with entries in the state of an environment's stack, by the entries' IDs. */
export const itemsOf = (
  environment: string,
  entries: readonly EntrySpec[],
  resources: readonly StateResource[],
): ReadonlyMap<string, string> =>
  itemsInState(environment, entries, heldOf(resources).entries ?? [], serverClock.now());

/** The names that the state of an environment's stack holds. */
export function heldOf(resources: readonly StateResource[]): Held {
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const entries = resources.map((resource) => ({ ...resource, properties: propertiesOf(resource) }));
  return heldIn(entries, stack?.outputs?.["cloud"]);
}
