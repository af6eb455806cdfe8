import * as v from "valibot";
import { readTextIfThere } from "../../files/read.ts";
import { replaceFile } from "../../files/replace.ts";
import { decodeJson, text } from "../../staging/decode.ts";
import { parseRegion } from "../../staging/regions.ts";
import type { MachinesFiles } from "./files.ts";

/** The status of one instance. */
const MACHINE = v.object({
  instance: v.string(),
  region: text(parseRegion),
  /** `waiting`: there is no room for its machine yet. */
  state: v.picklist(["running", "waiting"]),
  /** ISO time. */
  startedAt: v.exactOptional(v.string()),
  /** The process that holds the sandbox. */
  pid: v.exactOptional(v.number()),
});
export type MachineState = Readonly<v.InferOutput<typeof MACHINE>>;

const STATE = v.object({
  /** The process that wrote it. */
  instance: v.string(),
  capacity: v.number(),
  machines: v.pipe(v.array(MACHINE), v.readonly()),
  /** The last error, as text. */
  problem: v.exactOptional(v.string()),
});
type MachinesState = Readonly<v.InferOutput<typeof STATE>>;

export const readState = async (files: MachinesFiles): Promise<MachinesState | undefined> =>
  decodeJson(STATE, await readTextIfThere(files.state));

export const writeState = (files: MachinesFiles, state: MachinesState): Promise<void> =>
  replaceFile(files.state, `${JSON.stringify(state)}\n`, 0o600);
