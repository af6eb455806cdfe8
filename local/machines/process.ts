import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../staging/errors.ts";
import { REGIONS, type Region } from "../../staging/regions.ts";
import { findCloud, type RunningCloud } from "../cloud/cloud.ts";
import { withLock } from "../lock.ts";
import type { SpawnPaths } from "../paths.ts";
import { AwsInstances } from "./aws-instances.ts";
import { readControls } from "./controls.ts";
import { type MachinesFiles, machinesFiles } from "./files.ts";
import { readHints } from "./hints.ts";
import { readRecord } from "./record.ts";
import type { Sandbox } from "./sandbox/bwrap.ts";
import { makeImage } from "./sandbox/image.ts";
import { writeState } from "./state.ts";
import { Supervisor } from "./supervisor.ts";

export interface ProcessSettings {
  readonly paths: SpawnPaths;
  readonly sandbox: Sandbox;
  /** Concurrent machines. */
  readonly capacity: number;
  /** Milliseconds without instances after which the process exits. */
  readonly idleLimit: number;
}

/** Milliseconds between two polls of the regions with current or imminent instances. */
const POLL_INTERVAL_MS = 1_000;
/** Milliseconds between two polls of all regions. */
const FULL_POLL_INTERVAL_MS = 10_000;
/** Failed polls of the local cloud before the process exits. */
const MAX_FAILED_POLLS = 3;
/** Maximum consoles of deleted instances. */
const KEPT_CONSOLES = 200;

/** Runs until no work is left, the local cloud has stopped, or a signal arrives. */
export async function main(settings: ProcessSettings, instance: string): Promise<void> {
  process.umask(0o077);
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
  const files = machinesFiles(settings.paths);
  const cloud = await findCloud(settings.paths);
  if (cloud === undefined) throw new Error("the local cloud is not running");
  await rm(files.requests, { recursive: true, force: true });
  for (const folder of [files.instances, files.consoles, files.requests]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  await removeOldConsoles(files);
  const instances = new AwsInstances(cloud.endpoint, cloud.keys);
  const supervisor = new Supervisor({
    instances,
    files,
    capacity: settings.capacity,
    log: (text) => console.log(`${new Date().toISOString()} ${text}`),
    setting: {
      instances,
      sandbox: settings.sandbox,
      image: await makeImage(files.image, settings.sandbox.facts),
      endpoint: cloud.endpoint,
      metadataDelay: async () => ((await readControls(files)).slowImdsSeconds ?? 0) * 1000,
      mntBytes: async () => (await readControls(files)).mntBytes,
    },
  });
  try {
    await new Loop({ settings, files, supervisor, instance, cloud, stop: stop.signal }).run();
  } finally {
    await supervisor.close();
    instances.close();
  }
}

interface LoopOptions {
  readonly settings: ProcessSettings;
  readonly files: MachinesFiles;
  readonly supervisor: Supervisor;
  readonly instance: string;
  readonly cloud: RunningCloud;
  readonly stop: AbortSignal;
}

class Loop {
  readonly #options: LoopOptions;
  #fullPollAt = 0;
  #busyAt = Date.now();
  #failedPolls = 0;
  #written = "";

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { supervisor, stop } = this.#options;
    while (!stop.aborted && (await this.#ownsRecord()) && (await this.#hasCloud())) {
      const isFullPoll = Date.now() - this.#fullPollAt >= FULL_POLL_INTERVAL_MS;
      const isFirst = this.#fullPollAt === 0;
      await supervisor.tick(isFullPoll ? REGIONS : await this.#regions());
      if (isFullPoll) this.#fullPollAt = Date.now();
      if (isFirst) await supervisor.removeOldDisks();
      await this.#writeStatus();
      if (supervisor.isBusy) this.#busyAt = Date.now();
      else if (await this.#endsIdle()) return;
      await sleep(POLL_INTERVAL_MS, undefined, { signal: stop }).catch(() => undefined); // a signal: the loop ends
    }
  }

  async #regions(): Promise<Region[]> {
    const { regions } = await readHints(this.#options.files);
    return [...new Set([...this.#options.supervisor.regions, ...regions])];
  }

  /** Two processes must never run the same machines. */
  async #ownsRecord(): Promise<boolean> {
    const record = await readRecord(this.#options.files.record);
    if (record?.instance === this.#options.instance) return true;
    console.log("The record of the machines is missing or names another process: ending.");
    return false;
  }

  /** The same as at the start, because the machines have its endpoint. */
  async #hasCloud(): Promise<boolean> {
    const { settings, cloud } = this.#options;
    const found = await findCloud(settings.paths).catch((error: unknown) => {
      console.log(messageOf(error));
      return undefined;
    });
    this.#failedPolls = found?.pid === cloud.pid ? 0 : this.#failedPolls + 1;
    if (this.#failedPolls < MAX_FAILED_POLLS) return true;
    console.log("The local cloud has stopped: ending.");
    return false;
  }

  async #writeStatus(): Promise<void> {
    const { files, instance, settings, supervisor } = this.#options;
    const { problem, states } = supervisor;
    const state = {
      instance,
      capacity: settings.capacity,
      machines: states,
      ...(problem === undefined ? {} : { problem }),
    };
    const text = JSON.stringify(state);
    if (text !== this.#written) await writeState(files, state);
    this.#written = text;
  }

  /** Decided under the lock of the commands: a command that needs the machines now finds them, or starts them. */
  async #endsIdle(): Promise<boolean> {
    const { settings, files } = this.#options;
    const limit = Date.now() - settings.idleLimit;
    if (this.#busyAt > limit) return false;
    return withLock(files.lock, {}, async () => {
      if ((await readHints(files)).neededAt > limit) return false;
      await rm(files.record, { force: true });
      await rm(files.hints, { force: true });
      return true;
    });
  }
}

async function removeOldConsoles({ consoles }: MachinesFiles): Promise<void> {
  const names = await readdir(consoles);
  const dated = await Promise.all(
    names.map(async (name) => ({ name, time: (await stat(join(consoles, name))).mtimeMs })),
  );
  const old = dated.sort((a, b) => b.time - a.time).slice(KEPT_CONSOLES);
  for (const { name } of old) await rm(join(consoles, name), { force: true });
}
