import * as pulumi from "@pulumi/pulumi";
import { heldIn } from "../staging/ownership/held.ts";
import { type Held, NOTHING_HELD } from "../staging/ownership/names.ts";
import { isRecord } from "../staging/type-guards.ts";

const UNKNOWN: Held = { ...NOTHING_HELD, isKnown: false };

/**
 * The resources in the running stack's own state, as far as the engine shows them to a program: none before the first
 * complete update, because the engine fails if a stack has no state.
 */
export async function readOwnState(): Promise<Held> {
  const name = ownName();
  const { outputs } = await engineFunction("readStackOutputs", { name });
  if (!isRecord(outputs) || Object.keys(outputs).length === 0) return UNKNOWN;
  const resources = await engineFunction("readStackResourceOutputs", { stackName: name });
  if (!isRecord(resources["outputs"])) return UNKNOWN;
  const entries = Object.entries(resources["outputs"]).flatMap(([urn, value]) => {
    if (!isRecord(value) || typeof value["type"] !== "string") return [];
    return { urn, type: value["type"], properties: isRecord(value["outputs"]) ? value["outputs"] : {} };
  });
  return heldIn(entries, outputs["cloud"]);
}

/** The IDs of entries without a guard. Version 0.1.0 created them, and its states must need no change. */
export const unguardedEntries = ({ entries = [] }: Held): ReadonlySet<string> =>
  new Set(entries.flatMap(({ stagingId, guarded }) => (guarded ? [] : stagingId)));

/** Pulumi Cloud needs the organization in a stack's name; other backends accept the short name. */
function ownName(): string {
  const organization = pulumi.getOrganization();
  const stack = pulumi.getStack();
  return organization === "organization" ? stack : `${organization}/${pulumi.getProject()}/${stack}`;
}

async function engineFunction(
  name: string,
  args: Record<string, string>,
): Promise<Readonly<Record<string, unknown>>> {
  const result: unknown = await pulumi.runtime.invoke(`pulumi:pulumi:${name}`, args);
  return isRecord(result) ? result : {};
}
