import { recordOf, type StagedFacts } from "../../../components/entry-details.ts";
import { readTextIfThere } from "../../../files/read.ts";
import { spawnPaths } from "../../../local/paths.ts";
import { parseEntrySettingsFile } from "../../../stacks/entry-settings.ts";
import { entryStackName } from "../../../staging/entry.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { RECORD_KEY, recordItem, type StagingRecord } from "../../../staging/record.ts";
import { RECORD_TYPE, STAGED_DATA } from "../../../staging/resources.ts";
import type { Context } from "../../context.ts";
import { settingsFile } from "../../engine/entry-project.ts";
import type { StateResource } from "../../engine/state.ts";
import { ACCESS_POINT_TYPE } from "./access-points.ts";
import { readRecord, unlessCorrupt } from "./records.ts";

/**
 * The record as the entry's stack last wrote it, by the stack's state. Somebody may have changed or deleted the item since. Where a
 * refresh has noticed that, the state has no record any more: then this machine's settings file and the other resources tell it.
 * @returns undefined where the state does not hold a whole entry
 */
export async function recordInState(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  resources: readonly StateResource[],
  id: StagingId,
): Promise<StagingRecord | undefined> {
  for (const { type, inputs } of resources) {
    const item = inputs?.["item"];
    if (type !== RECORD_TYPE || typeof item !== "string") continue;
    const attributes = JSON.parse(item) as Parameters<typeof readRecord>[1];
    if (attributes[RECORD_KEY]?.S === id)
      return await unlessCorrupt(readRecord(await context.tables(), attributes));
  }
  return await recordOfResources(context, resources, id);
}

async function recordOfResources(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  resources: readonly StateResource[],
  id: StagingId,
): Promise<StagingRecord | undefined> {
  const data = resources.find(
    ({ type, inputs }) => type === STAGED_DATA && inputs?.["stagingId"] === id,
  )?.outputs;
  // An upload that did not end has the inputs only.
  if (data === undefined || typeof data["uploadedAt"] !== "string") return undefined;
  const file = settingsFile(spawnPaths().stacks, entryStackName(context.environmentName, id));
  const text = await readTextIfThere(file);
  if (text === undefined) return undefined;
  const points = resources.filter(({ type }) => type === ACCESS_POINT_TYPE);
  const access = points.flatMap(({ outputs: { region, arn, alias } = {} }) =>
    typeof region === "string" && typeof arn === "string" && typeof alias === "string"
      ? [[region, { arn, alias }] as const]
      : [],
  );
  const tables = await context.tables();
  try {
    const { spec } = parseEntrySettingsFile(text, file);
    const facts = data as unknown as StagedFacts;
    const record = recordOf(spec, await context.settings(), facts, Object.fromEntries(access));
    // Checked as every other record is.
    return await unlessCorrupt(readRecord(tables, recordItem(record)));
  } catch (error) {
    if (error instanceof InputError) return undefined; // a file that cannot be read tells nothing
    throw error;
  }
}
