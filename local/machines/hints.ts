import * as v from "valibot";
import { readTextIfThere } from "../../files/read.ts";
import { replaceFile } from "../../files/replace.ts";
import { decodeJson, text } from "../../staging/decode.ts";
import { parseRegion, type Region } from "../../staging/regions.ts";
import type { MachinesFiles } from "./files.ts";

/** A command's message to the running process: the regions of future instances. */
const HINTS = v.object({
  regions: v.array(text(parseRegion)),
  /** When the last command needed the machines, in milliseconds since 1970. */
  neededAt: v.number(),
});
type Hints = Readonly<v.InferOutput<typeof HINTS>>;

export const readHints = async (files: MachinesFiles): Promise<Hints> =>
  decodeJson(HINTS, await readTextIfThere(files.hints)) ?? { regions: [], neededAt: 0 };

/** Adds regions to the known ones. */
export async function addHints(files: MachinesFiles, regions: readonly Region[]): Promise<void> {
  const before = await readHints(files);
  const all = [...new Set([...before.regions, ...regions])];
  await replaceFile(files.hints, JSON.stringify({ regions: all, neededAt: Date.now() }), 0o600);
}
