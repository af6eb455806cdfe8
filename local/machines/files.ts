import { join } from "node:path";
import type { SpawnPaths } from "../paths.ts";

/** The files of the machines of a data folder. */
export function machinesFiles({ data }: Pick<SpawnPaths, "data">) {
  const folder = join(data, "machines");
  return {
    folder,
    /** Names the running process. */
    record: join(folder, "machines.json"),
    lock: join(folder, "machines.lock"),
    log: join(folder, "machines.log"),
    /** The status of the process and its machines. */
    state: join(folder, "state.json"),
    /** Test settings and requests. */
    controls: join(folder, "controls.json"),
    requests: join(folder, "requests"),
    /** Messages of commands to the process. */
    hints: join(folder, "hints.json"),
    image: join(folder, "image"),
    instances: join(folder, "instances"),
    /** The output of each instance since its launch. It outlives the instance. */
    consoles: join(folder, "consoles"),
  } as const;
}

export type MachinesFiles = ReturnType<typeof machinesFiles>;
