import { isRegionList, type Region } from "../../staging/regions.ts";
import { readOrNothing, writeWhole } from "../private-files.ts";
import type { MachinesFiles } from "./files.ts";

/** What a command tells the running process: where instances will come. */
export interface Hints {
  readonly regions: readonly Region[];
  /** When the last command needed the machines, in milliseconds since 1970. */
  readonly neededAt: number;
}

export async function readHints(files: MachinesFiles): Promise<Hints> {
  const text = await readOrNothing(files.hints);
  if (text === undefined) return { regions: [], neededAt: 0 };
  const { regions, neededAt } = JSON.parse(text) as { regions: string[]; neededAt: number };
  return { regions: isRegionList(regions) ? regions : [], neededAt };
}

/** Adds regions to those that are known. */
export async function addHints(files: MachinesFiles, regions: readonly Region[]): Promise<void> {
  const before = await readHints(files);
  const all = [...new Set([...before.regions, ...regions])];
  await writeWhole(files.hints, JSON.stringify({ regions: all, neededAt: Date.now() }));
}
