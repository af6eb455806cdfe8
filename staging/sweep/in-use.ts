import { InputError } from "../errors.ts";
import type { SweepId } from "./id.ts";

/**
 * The error for an entry, or a part of it, that sweeps read: without it, new workers fail.
 * @param operation the refused one
 */
export function inUse(
  what: string,
  sweeps: readonly SweepId[],
  operation: "deleted" | "removed",
): InputError {
  const [first = "ID"] = sweeps;
  return new InputError(
    `${what} cannot be ${operation}: ${sweeps.join(", ")} ${sweeps.length === 1 ? "reads" : "read"} it`,
    {
      why: "The sweep has not ended; its workers would not find the data.",
      fix: (_spell, command) =>
        `Wait for its end: ${command(`spawn sweep watch ${first}`)}, or end it: ${command(`spawn sweep cancel ${first}`)}`,
    },
  );
}
