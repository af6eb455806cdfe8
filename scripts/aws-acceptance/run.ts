import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { runCommand } from "../../local/command.ts";
import { UserError } from "../../staging/errors.ts";
import { isRecord } from "../../staging/type-guards.ts";
import { environmentText } from "./environment-file.ts";

export const ENVIRONMENT = "acceptance";

interface RunSettings {
  readonly cloud: "local" | "aws";
  /** The checkout whose `spawn` runs; it temporarily gets `Pulumi.acceptance.yaml`. */
  readonly project: string;
  /** The folder of the journal, the report and this run's SPAWN_HOME. */
  readonly folder: string;
  /** The primary region, and two more. */
  readonly regions: readonly [string, string, string];
  /** The AWS profile of the second account. */
  readonly secondProfile: string | undefined;
  /** The second account, which `spawn:readers` names. */
  readonly reader: string | undefined;
  /** MiB of a file that is uploaded in parts. */
  readonly megabytes: number;
  /** Items of the sweep that measures the table. */
  readonly rows: number;
}

/** The observation about one point. */
export interface Seen {
  readonly point: string;
  /** The command or requests that were made. */
  readonly command: string;
  readonly expected: string;
  readonly seen: string;
  /** `open`: this run could not tell; `seen` says why and how to find out. */
  readonly verdict: "as expected" | "different" | "open";
}

/** The facts that an interrupted run needs to continue and to clean up. */
interface Journal {
  readonly prefix: string;
  readonly startedAt: string;
  readonly answers: Record<string, Seen & { readonly at: string }>;
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** One acceptance: its settings, its journal, and commands in its environment. */
export class Run {
  readonly settings: RunSettings;
  readonly journal: Journal;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C. The clean-up continues. */
  readonly signal: AbortSignal;

  private constructor(settings: RunSettings, journal: Journal, signal: AbortSignal) {
    this.settings = settings;
    this.journal = journal;
    this.signal = signal;
    // Bucket names are global in AWS, so each run has its own; the run uses nothing in the user's data folder.
    this.env = {
      ...process.env,
      SPAWN_ENVIRONMENT: ENVIRONMENT,
      SPAWN_HOME: process.env["SPAWN_HOME"] ?? join(settings.folder, "home"),
      PULUMI_CONFIG_PASSPHRASE: process.env["PULUMI_CONFIG_PASSPHRASE"] ?? "acceptance",
    };
    delete this.env["PULUMI_BACKEND_URL"];
  }

  static async open(settings: RunSettings, signal: AbortSignal): Promise<Run> {
    await mkdir(settings.folder, { recursive: true });
    const file = join(settings.folder, "journal.json");
    const found = existsSync(file) ? parseJournal(await readFile(file, "utf8")) : undefined;
    const fresh = {
      prefix: `spawn-acc-${randomBytes(3).toString("hex")}`,
      startedAt: new Date().toISOString(),
      answers: {},
    };
    const run = new Run(settings, found ?? fresh, signal);
    await run.#save();
    await run.writeEnvironment();
    return run;
  }

  get prefix(): string {
    return this.journal.prefix;
  }

  /** The user's bucket, which the environment adopts in the last region. */
  get ownBucket(): string {
    return `${this.prefix}-own`;
  }

  bucketOf(region: string): string {
    return region === this.settings.regions[2] ? this.ownBucket : `${this.prefix}-staging-${region}`;
  }

  async writeEnvironment(): Promise<void> {
    const { prefix, ownBucket, environmentFile: file } = this;
    const found = existsSync(file) ? await readFile(file, "utf8") : undefined;
    const text = environmentText({ ...this.settings, prefix, ownBucket }, found);
    if (text !== found) await writeFile(file, text);
  }

  get environmentFile(): string {
    return join(this.settings.project, `Pulumi.${ENVIRONMENT}.yaml`);
  }

  async answer(seen: readonly Seen[]): Promise<void> {
    for (const one of seen) this.journal.answers[one.point] = { ...one, at: new Date().toISOString() };
    await this.#save();
  }

  async forget(): Promise<void> {
    await rm(join(this.settings.folder, "journal.json"), { force: true });
    await rm(this.environmentFile, { force: true });
  }

  async #save(): Promise<void> {
    const file = join(this.settings.folder, "journal.json");
    await writeFile(`${file}.tmp`, `${JSON.stringify(this.journal, null, 2)}\n`);
    await rename(`${file}.tmp`, file);
  }

  /** Runs `spawn`, shows its errors, and waits for its end. */
  spawn(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.command(process.execPath, [join(this.settings.project, "bin", "spawn"), ...args], env);
  }

  /** @throws UserError if it ends with another code than 0 */
  async succeed(...args: string[]): Promise<Ended> {
    const ended = await this.spawn(args);
    if (ended.code === 0) return ended;
    throw new UserError(`spawn ${args.slice(0, 2).join(" ")} ended with code ${ended.code}`, {
      why: ended.stderr.trim().split("\n").slice(-4).join(" "),
    });
  }

  /** The `result` of a command with --json. */
  async result(...args: string[]): Promise<Readonly<Record<string, unknown>>> {
    const { stdout } = await this.succeed(...args, "--json");
    const envelope: unknown = JSON.parse(stdout);
    const result = isRecord(envelope) ? envelope["result"] : undefined;
    if (!isRecord(result)) throw new UserError(`spawn ${args.join(" ")} printed no result`);
    return result;
  }

  async command(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const started = performance.now();
    const options = { cwd: this.settings.folder, env: { ...this.env, ...env } };
    const ended = await runCommand(program, args, options);
    return { ...ended, seconds: (performance.now() - started) / 1000 };
  }

  #cloud: Promise<Readonly<Record<string, string>>> | undefined;

  /** Variables of the cloud: none for AWS, whose SDK finds keys and profiles. */
  cloudVariables(): Promise<Readonly<Record<string, string>>> {
    this.#cloud ??= this.#findCloud();
    return this.#cloud;
  }

  async #findCloud(): Promise<Readonly<Record<string, string>>> {
    if (this.settings.cloud === "aws") return {};
    const { stdout } = await this.succeed("env");
    return Object.fromEntries(
      [...stdout.matchAll(/^export (AWS_[A-Z_]+)='(.*)'$/gm)].map(([, name = "", value = ""]) => [
        name,
        value,
      ]),
    );
  }

  /** Settings of a plain AWS client, independent of spawn. */
  async clientOf(region: string) {
    const { AWS_ENDPOINT_URL: endpoint, ...keys } = await this.cloudVariables();
    if (endpoint === undefined) return { region };
    const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = keys;
    return { region, endpoint, credentials: { accessKeyId, secretAccessKey } };
  }

  async s3(region: string): Promise<S3Client> {
    return new S3Client({
      ...(await this.clientOf(region)),
      forcePathStyle: this.settings.cloud === "local",
    });
  }
}

function parseJournal(text: string): Journal {
  const found: unknown = JSON.parse(text);
  if (!isRecord(found) || typeof found["prefix"] !== "string" || !isRecord(found["answers"]))
    throw new UserError("journal.json of the folder is damaged", {
      fix: "Name another folder, and delete what begins with spawn-acc- in the account by hand.",
    });
  return found as unknown as Journal;
}
