import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { readTextIfThere } from "../../files/read.ts";
import { pollUntil } from "../../local/background.ts";
import { leaveRequest, type Request, readControls, writeControls } from "../../local/machines/controls.ts";
import { machinesFiles } from "../../local/machines/files.ts";
import type { SpawnPaths } from "../../local/paths.ts";

/** Milliseconds for the process to execute a request. It checks at least every second. */
const LIMIT = 30_000;

/** AWS's interventions on instances of the local cloud. */
export class MachineControl {
  readonly #paths: Pick<SpawnPaths, "data">;

  constructor(paths: Pick<SpawnPaths, "data">) {
    this.#paths = paths;
  }

  /** A spot interruption: the notice at once, the termination two minutes later, or after the given seconds. */
  interrupt(instance: string, seconds = 120): Promise<void> {
    return this.#ask({ kind: "interrupt", instance, seconds });
  }

  /** A reboot without warning: units start again, user data do not run again. Resolves when the machine is down. */
  reboot(instance: string): Promise<void> {
    return this.#ask({ kind: "reboot", instance });
  }

  /** Slows the metadata services of all machines; 0 resets it. */
  async slowImds(seconds: number): Promise<void> {
    const files = machinesFiles(this.#paths);
    await writeControls(files, { ...(await readControls(files)), slowImdsSeconds: seconds });
  }

  /** Gives machines that boot from now on a small /mnt; undefined resets it. */
  async smallDisk(bytes: number | undefined): Promise<void> {
    const files = machinesFiles(this.#paths);
    const { mntBytes: _, ...others } = await readControls(files);
    await writeControls(files, bytes === undefined ? others : { ...others, mntBytes: bytes });
  }

  async #ask(request: Request): Promise<void> {
    const { file, refusal } = await leaveRequest(machinesFiles(this.#paths), request);
    const taken = await pollUntil(async () => !existsSync(file), LIMIT);
    if (!taken) {
      await rm(file, { force: true });
      throw new Error(`no process of the machines accepted the request within ${LIMIT / 1000} s`);
    }
    const reason = await readTextIfThere(refusal);
    if (reason === undefined) return;
    await rm(refusal, { force: true });
    throw new Error(reason);
  }
}
