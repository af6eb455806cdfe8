import { recordOf, type StagedFacts } from "../../../components/entry-details.ts";
import { entryStackName } from "../../../staging/entry.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { RECORD_KEY, recordItem, type StagingRecord } from "../../../staging/record.ts";
import { RECORD_TYPE, STAGED_DATA } from "../../../staging/resources/tokens.ts";
import type { Context } from "../../context.ts";
import type { StateResource } from "../../engine/state.ts";
import { ACCESS_POINT_TYPE } from "./access-points.ts";
import { entrySettingsHere } from "./entry-settings.ts";
import { readRecord, undefinedIfCorrupt } from "./records.ts";

/**
 * The record that the entry's stack last wrote, from the stack's state. The item in the table may have changed since. If a refresh has
 * removed the record from the state, it is made of this machine's settings file and the other resources.
 * @returns undefined if the state does not hold a whole entry
 */
export async function recordInState(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  resources: readonly StateResource[],
  id: StagingId,
): Promise<StagingRecord | undefined> {
  for (const resource of resources) {
    const attributes = recordAttributes(resource);
    if (attributes?.[RECORD_KEY]?.S === id)
      return await undefinedIfCorrupt(readRecord(await context.tables(), attributes));
  }
  return await recordOfResources(context, resources, id);
}

/** The item that a resource of a record writes; undefined for other resources. */
export function recordAttributes({
  type,
  inputs,
}: StateResource): Parameters<typeof readRecord>[1] | undefined {
  const item = inputs?.["item"];
  return type === RECORD_TYPE && typeof item === "string" ? JSON.parse(item) : undefined;
}

async function recordOfResources(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  resources: readonly StateResource[],
  id: StagingId,
): Promise<StagingRecord | undefined> {
  const data = resources.find(
    ({ type, inputs }) => type === STAGED_DATA && inputs?.["stagingId"] === id,
  )?.outputs;
  // An unfinished upload has inputs only.
  if (data === undefined || typeof data["uploadedAt"] !== "string") return undefined;
  const settings = await entrySettingsHere(entryStackName(context.environmentName, id));
  if (settings === undefined) return undefined;
  const points = resources.filter(({ type }) => type === ACCESS_POINT_TYPE);
  const access = points.flatMap(({ outputs: { region, arn, alias } = {} }) =>
    typeof region === "string" && typeof arn === "string" && typeof alias === "string"
      ? [[region, { arn, alias }] as const]
      : [],
  );
  const tables = await context.tables();
  try {
    const facts = data as unknown as StagedFacts;
    const record = recordOf(settings.spec, await context.settings(), facts, Object.fromEntries(access));
    // Checked like every other record.
    return await undefinedIfCorrupt(readRecord(tables, recordItem(record)));
  } catch (error) {
    if (error instanceof InputError) return undefined; // the environment no longer has a region of the entry
    throw error;
  }
}
