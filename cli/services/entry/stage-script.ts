import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../../package-root.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import type { Region } from "../../../staging/regions.ts";
import { renderStageScript, type StageScriptOptions } from "../../../staging/stage-script.ts";
import { commandLine } from "../../command-line.ts";
import type { EntryContext } from "../../context.ts";
import { requireRecord } from "./absent.ts";

/**
 * The script that downloads an entry and verifies it.
 * @throws InputError for an entry that does not exist, or has no data in the region
 */
export async function stageScript(
  context: EntryContext,
  id: StagingId,
  options: StageScriptOptions,
): Promise<string> {
  const record = await requireRecord(context, id);
  if (options.region !== undefined) requireRegion(record, options.region, context.environmentName);
  const template = await readFile(join(packageRoot(), "worker", "stage.sh"), "utf8");
  return renderStageScript(template, record, options);
}

/** @throws InputError when the entry has no data in `region`; it names the command that adds them */
export function requireRegion(
  { stagingId, regions }: Pick<StagingRecord, "stagingId" | "regions">,
  region: Region,
  environment: string,
): void {
  if (regions.includes(region)) return;
  throw new InputError(`${stagingId} has no data in ${region}`, {
    why: `Its regions are ${regions.join(", ")}.`,
    fix: commandLine(
      `spawn stage update ${stagingId} --regions ${[...regions, region].join(",")}`,
      environment,
    ),
  });
}
