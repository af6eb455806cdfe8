import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, lstat, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ifThere } from "../../files/read.ts";
import { messageOf } from "../../staging/errors.ts";
import { ConsoleFile } from "./console-file.ts";
import { hostName, type SpotNotice } from "./imds/metadata.ts";
import { MetadataServer } from "./imds/server.ts";
import type { Instance, Instances } from "./instances.ts";
import { removeFolder } from "./remove-folder.ts";
import { Role } from "./role.ts";
import { machineCommand, type Sandbox } from "./sandbox/bwrap.ts";
import type { Image } from "./sandbox/image.ts";
import { makeSkeleton } from "./sandbox/skeleton.ts";
import { scriptIn } from "./user-data.ts";

/** Common properties of all machines of a process. */
export interface MachineSetting {
  readonly instances: Instances;
  readonly sandbox: Sandbox;
  readonly image: Image;
  /** The local cloud's endpoint. */
  readonly endpoint: string;
  /** Delay of the metadata services in milliseconds. */
  metadataDelay(): Promise<number>;
  /** Bytes of /mnt at the next boot; undefined: the disk's. */
  mntBytes(): Promise<number | undefined>;
}

interface MachineFolders {
  /** The machine's own folder, which is deleted with it. */
  readonly folder: string;
  readonly console: string;
}

/** The end of a machine's processes. */
type MachineEnd =
  /** By shutdown, or by a kill. */
  | "off"
  | "reboot"
  /** The sandbox did not start. */
  | "failed";

/** Exit code of guest/boot. */
const REBOOT_CODE = 75;

/** One instance's sandbox, metadata service and console. */
export class Machine {
  readonly instance: Instance;
  readonly startedAt = Date.now();
  readonly #setting: MachineSetting;
  readonly #folders: MachineFolders;
  readonly #console: ConsoleFile;
  #metadata: MetadataServer | undefined;
  #child: ChildProcess | undefined;
  #notice: SpotNotice | undefined;
  #rebooting = false;
  #closed = false;

  constructor(instance: Instance, setting: MachineSetting, folders: MachineFolders) {
    this.instance = instance;
    this.#setting = setting;
    this.#folders = folders;
    this.#console = new ConsoleFile(folders.console);
  }

  get notice(): SpotNotice | undefined {
    return this.#notice;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** From now on the metadata service announces the termination. */
  announceInterruption(notice: SpotNotice): void {
    this.#notice = notice;
    this.#console.note(
      `spot interruption notice: terminates at ${new Date(notice.terminatesAt).toISOString()}`,
    );
  }

  /**
   * Boots: the first time with the user data, later from the machine's disk. Resolves when its processes have ended.
   * @throws Error if it cannot be prepared
   */
  async run(): Promise<MachineEnd> {
    const { sandbox, image, endpoint } = this.#setting;
    await this.#prepare();
    this.#metadata ??= await this.#serveMetadata();
    const environment = join(this.#folders.folder, "environment");
    // The machine can only read it.
    await writeFile(
      environment,
      `AWS_EC2_METADATA_SERVICE_ENDPOINT=${this.#metadata.endpoint}\nAWS_ENDPOINT_URL=${endpoint}\n`,
    );
    await chmod(environment, 0o644);
    const settings = { hostName: hostName(this.instance), mntBytes: await this.#setting.mntBytes() };
    const [command = "", ...args] = machineCommand(
      sandbox,
      image,
      { root: this.#root, environment },
      settings,
    );
    if (this.#closed) return "off";
    this.#console.note(`boots as ${this.instance.id} in ${this.instance.region}`);
    const child = spawn(command, args, { env: {}, cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes: Buffer) => this.#closed || this.#console.write(bytes));
    }
    const [code, signal] = await ended(child);
    this.#child = undefined;
    if (!this.#closed) this.#console.note(`ended with ${signal ?? `code ${code}`}`);
    if (code === REBOOT_CODE) return "reboot";
    return code === 0 || signal !== null ? "off" : "failed";
  }

  /** Kills all processes of the machine. */
  kill(): void {
    // The kernel then ends process 1 of the sandbox, and with it all others.
    this.#child?.kill("SIGKILL");
  }

  /** Kills it and boots it again without a graceful end. */
  reboot(): void {
    if (this.#child === undefined) return; // it is booting
    this.#rebooting = true;
    this.kill();
  }

  /** Whether it was killed for a reboot. Resets that state. */
  takeReboot(): boolean {
    const was = this.#rebooting && !this.#closed;
    this.#rebooting = false;
    return was;
  }

  note(text: string): void {
    if (!this.#closed) this.#console.note(text);
  }

  /** Ends it temporarily: its disk stays. */
  close(): void {
    if (this.#closed) return;
    this.kill();
    this.#metadata?.close();
    this.#closed = true;
    this.#console.close();
  }

  /** Deletes its disk. Its processes must have ended. */
  removeDisk(): Promise<void> {
    return removeFolder(this.#folders.folder);
  }

  get #root(): string {
    return join(this.#folders.folder, "root");
  }

  /** Creates the disk at the first boot. An incomplete disk of a crash is recreated. */
  async #prepare(): Promise<void> {
    const { folder } = this.#folders;
    const complete = join(folder, "complete");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await ifThere(lstat(complete))) !== undefined) return;
    await removeFolder(this.#root);
    const { instances, sandbox } = this.#setting;
    const data = await instances.userData(this.instance);
    const script = data === undefined ? undefined : scriptIn(data);
    if (data !== undefined && script === undefined) {
      this.note("the user data are not a script, and are ignored");
    }
    await makeSkeleton(this.#root, { hostName: hostName(this.instance), script, owner: sandbox.user });
    await writeFile(complete, "");
  }

  #serveMetadata(): Promise<MetadataServer> {
    const { instances, sandbox, metadataDelay } = this.#setting;
    const role = new Role(() => instances.credentials(this.instance));
    const machine = this;
    return MetadataServer.start({
      sources: {
        instance: this.instance,
        get notice() {
          return machine.notice;
        },
        credentials: () => role.credentials(),
      },
      user: sandbox.user ?? process.geteuid?.() ?? -1,
      delay: metadataDelay,
      onError: (text) => this.note(text),
    });
  }
}

/** Resolves after the process has ended, even if it did not start. */
async function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  try {
    return (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  } catch (error) {
    throw new Error(`the sandbox cannot be started: ${messageOf(error)}`, { cause: error });
  }
}
