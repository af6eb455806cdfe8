import { join } from "node:path";
import type { SpawnPaths } from "../paths.ts";

/** What the machines of a data folder have on the disk. */
export function machinesFiles({ data }: Pick<SpawnPaths, "data">) {
  const folder = join(data, "machines");
  return {
    folder,
    /** Names the running process. */
    record: join(folder, "machines.json"),
    lock: join(folder, "machines.lock"),
    log: join(folder, "machines.log"),
    /** What the process says about its machines. */
    state: join(folder, "state.json"),
    /** Settings and requests of tests. */
    controls: join(folder, "controls.json"),
    requests: join(folder, "requests"),
    /** What commands tell the process. */
    hints: join(folder, "hints.json"),
    image: join(folder, "image"),
    instances: join(folder, "instances"),
    consoles: join(folder, "consoles"),
  } as const;
}

export type MachinesFiles = ReturnType<typeof machinesFiles>;

/** What an instance has printed since its launch. It is there after the instance's end, too. */
export const consoleFile = (paths: Pick<SpawnPaths, "data">, instanceId: string): string =>
  join(machinesFiles(paths).consoles, `${instanceId}.log`);
