import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../staging/errors.ts";
import type { Region } from "../../staging/regions.ts";
import { consumeRequests, type Request } from "./controls.ts";
import type { MachinesFiles } from "./files.ts";
import { type Instance, type Instances, isInstanceId } from "./instances.ts";
import { Machine, type MachineSetting } from "./machine.ts";
import { removeFolder } from "./remove-folder.ts";
import { nextInstances } from "./scheduling.ts";
import type { MachineState } from "./state.ts";

interface SupervisorOptions {
  readonly instances: Instances;
  readonly files: MachinesFiles;
  readonly setting: MachineSetting;
  /** Maximum concurrent machines. The other instances wait, as if AWS had no capacity. */
  readonly capacity: number;
  log(text: string): void;
}

/** Failed starts of a sandbox before its instance is terminated. */
const MOST_FAILURES = 3;

/** Keeps one machine per instance, and one instance per machine. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #machines = new Map<string, Machine>();
  /** The instances of the last polls. */
  readonly #listed = new Map<Region, readonly Instance[]>();
  /** Instances to terminate, because their machine has ended. */
  readonly #finished = new Map<string, Instance>();
  readonly #failures = new Map<string, number>();
  readonly #runs = new Set<Promise<void>>();
  #problem: string | undefined;
  #closed = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Regions with instances at the last poll. */
  get regions(): Region[] {
    return [...this.#listed].filter(([, instances]) => instances.length > 0).map(([region]) => region);
  }

  /** Whether there is a pending or running instance. */
  get isBusy(): boolean {
    return this.regions.length > 0 || this.#machines.size > 0;
  }

  /** The most recent error of a machine's start or a region's poll. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get states(): MachineState[] {
    const running = [...this.#machines.values()].map(({ instance, pid, startedAt }) => ({
      instance: instance.id,
      region: instance.region,
      state: "running" as const,
      startedAt: new Date(startedAt).toISOString(),
      ...(pid === undefined ? {} : { pid }),
    }));
    const waiting = this.#waiting().map(({ id, region }) => ({
      instance: id,
      region,
      state: "waiting" as const,
    }));
    return [...running, ...waiting];
  }

  /** Polls the instances of some regions, and reconciles the machines. */
  async tick(regions: readonly Region[]): Promise<void> {
    await Promise.all(regions.map((region) => this.#poll(region)));
    if (this.#closed) return;
    await consumeRequests(this.#options.files, (request) => this.#carryOut(request));
    const listed = new Map([...this.#listed.values()].flat().map((instance) => [instance.id, instance]));
    for (const [id, machine] of this.#machines) {
      if (!listed.has(id) && this.#listed.has(machine.instance.region)) machine.close();
    }
    for (const { instance, notice } of this.#machines.values()) {
      if (notice !== undefined && notice.terminatesAt <= Date.now()) await this.#terminate(instance);
    }
    for (const [id, instance] of this.#finished) {
      if (listed.has(id)) await this.#terminate(instance);
      else this.#finished.delete(id);
    }
    const running = [...this.#machines.values()].map(({ instance }) => instance);
    const free = this.#options.capacity - running.length;
    for (const instance of nextInstances(this.#waiting(), running, free)) this.#start(instance);
  }

  /** Ends all machines. Their instances stay, and boot again at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const machine of this.#machines.values()) machine.close();
    await Promise.all(this.#runs);
  }

  /** Deletes the disks of deleted instances, after a poll of all regions. */
  async removeOldDisks(): Promise<void> {
    const { instances } = this.#options.files;
    const known = new Set([...this.#listed.values()].flat().map(({ id }) => id));
    await mkdir(instances, { recursive: true, mode: 0o700 });
    for (const name of await readdir(instances)) {
      if (!known.has(name) && !this.#machines.has(name)) await removeFolder(join(instances, name));
    }
  }

  async #poll(region: Region): Promise<void> {
    try {
      this.#listed.set(region, await this.#options.instances.list(region));
    } catch (error) {
      // The previous result stays valid: a lost response never ends a machine.
      this.#complain(`${region}: ${messageOf(error)}`);
    }
  }

  #waiting(): Instance[] {
    return [...this.#listed.values()]
      .flat()
      .filter(({ id }) => !this.#machines.has(id) && !this.#finished.has(id));
  }

  #start(instance: Instance): void {
    const { files, setting } = this.#options;
    const folder = join(files.instances, instance.id);
    const console = join(files.consoles, `${instance.id}.log`);
    const machine = new Machine(instance, setting, { folder, console });
    this.#machines.set(instance.id, machine);
    const run = this.#runUntilEnd(machine).finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }

  async #runUntilEnd(machine: Machine): Promise<void> {
    const { id } = machine.instance;
    const end = await this.#runThroughReboots(machine);
    machine.close();
    if (!this.#closed) {
      const isListed = [...this.#listed.values()].flat().some((instance) => instance.id === id);
      if (end === "off" && isListed) {
        this.#finished.set(id, machine.instance);
        await this.#terminate(machine.instance);
      }
      if (end === "off" || !isListed) {
        await machine.removeDisk().catch((error: unknown) => this.#complain(messageOf(error)));
        this.#failures.delete(id);
      }
    }
    this.#machines.delete(id);
  }

  /** @returns "off" if the instance must be terminated, "failed" to retry */
  async #runThroughReboots(machine: Machine): Promise<"off" | "failed"> {
    const { id } = machine.instance;
    for (;;) {
      const end = await machine.run().catch((error: unknown) => {
        machine.note(messageOf(error));
        return "failed" as const;
      });
      if (end === "reboot" || (end === "off" && machine.takeReboot())) continue;
      if (end === "off") return "off";
      const failures = (this.#failures.get(id) ?? 0) + 1;
      this.#failures.set(id, failures);
      this.#complain(`the machine of ${id} did not start; see its console`);
      return failures < MOST_FAILURES ? "failed" : "off";
    }
  }

  async #carryOut(request: Request): Promise<void> {
    const machine = this.#machines.get(request.instance);
    if (!isInstanceId(request.instance) || machine === undefined) {
      throw new Error(`${request.instance} has no machine`);
    }
    if (request.kind === "reboot") machine.reboot();
    else {
      const now = Date.now();
      machine.announceInterruption({ noticeAt: now, terminatesAt: now + request.seconds * 1000 });
    }
  }

  async #terminate(instance: Instance): Promise<void> {
    await this.#options.instances.terminate(instance).catch((error: unknown) => {
      // The next tick retries.
      this.#complain(`${instance.id} could not be terminated: ${messageOf(error)}`);
    });
  }

  #complain(text: string): void {
    if (this.#problem !== text) this.#options.log(text);
    this.#problem = text;
  }
}
