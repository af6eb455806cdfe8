import type { Region } from "../../staging/regions.ts";
import { readOrNothing, writeWhole } from "../private-files.ts";
import type { MachinesFiles } from "./files.ts";

/** What the process says about one instance. */
export interface MachineState {
  readonly instance: string;
  readonly region: Region;
  /** `waiting`: there is no room for its machine yet. */
  readonly state: "running" | "waiting";
  /** ISO time. */
  readonly startedAt?: string;
  /** The process that holds the sandbox. */
  readonly pid?: number;
}

export interface MachinesState {
  /** The process that wrote it. */
  readonly instance: string;
  readonly capacity: number;
  readonly machines: readonly MachineState[];
  /** What went wrong last, for people. */
  readonly problem?: string;
}

export async function readState(files: MachinesFiles): Promise<MachinesState | undefined> {
  const text = await readOrNothing(files.state);
  return text === undefined ? undefined : (JSON.parse(text) as MachinesState);
}

export const writeState = (files: MachinesFiles, state: MachinesState): Promise<void> =>
  writeWhole(files.state, `${JSON.stringify(state)}\n`);
