import { createHash } from "node:crypto";
import { createReadStream, realpathSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { serviceSettings } from "../connection/access.ts";
import { connectionVariables } from "../connection/child-variables.ts";
import { resolveConnection } from "../connection/connection.ts";
import { changed, usersEndpoint } from "../connection/variables.ts";
import { cloudStatus } from "../local/cloud/cloud.ts";
import { readLocalKeys } from "../local/cloud/keys.ts";
import { formatSeconds } from "../local/progress.ts";
import { packageRoot } from "../package-root.ts";
import { readEnvironmentFile } from "../stacks/environment-file.ts";
import { bucketOf } from "../staging/environment.ts";
import { InputError, UserError } from "../staging/errors.ts";
import { parseRegion } from "../staging/regions.ts";
import { shellQuoted } from "../staging/shell.ts";
import { formatBytes } from "../staging/units.ts";
import { prepare } from "./prepare.ts";
import { main, type RunOptions, run } from "./run.ts";

/**
 * The main scenario, with real data, through the command line only: create the environment, stage a file in three
 * regions, inspect it, read it from the last region with an independent client, and run a sweep over it. Usage:
 * demo.ts [file]; the default is the Node binary that npm installed, over 100 MB.
 */

const ENVIRONMENT = "dev";
/** Ignores the user's configured environment: the demo must not create one in an AWS account. */
const ENV = { ...process.env, SPAWN_ENVIRONMENT: ENVIRONMENT };
const REGIONS = ["us-east-1", "us-west-2", "eu-west-1"] as const;
const root = packageRoot();

async function demo([file]: readonly string[]): Promise<number> {
  // npm changes to the package's folder; the user's path is relative to the user's folder.
  const source =
    file === undefined
      ? realpathSync(process.execPath)
      : resolve(process.env["INIT_CWD"] ?? process.cwd(), file);
  if (!statSync(source, { throwIfNoEntry: false })?.isFile())
    throw new InputError(`there is no file ${source}`);
  const started = Date.now();
  await prepare();
  await spawn(["environment", "up"]);
  const id = await spawnForOutput(["stage", "upload", source, "--regions", REGIONS.join(",")]);
  console.log(id);
  await spawn(["stage", "list"]);
  await spawn(["stage", "info", id]);
  await readBack(id, source, REGIONS[REGIONS.length - 1] as string);
  const sweep = await runSweep(id);
  console.log(`\nThe demo took ${formatSeconds((Date.now() - started) / 1000)}. ${whatNext(id, sweep)}`);
  return 0;
}

async function spawn(args: readonly string[], options: RunOptions = {}): Promise<void> {
  await timed(`$ spawn ${args.map(shellQuoted).join(" ")}`, async () => {
    const code = await run(process.execPath, [join(root, "bin", "spawn"), ...args], { env: ENV, ...options });
    if (code !== 0) throw new UserError(`spawn ${args.slice(0, 2).join(" ")} ended with code ${code}`);
  });
}

async function spawnForOutput(args: readonly string[]): Promise<string> {
  const output: string[] = [];
  await spawn(args, { onStdout: (text) => output.push(text) });
  return output.join("").trim();
}

/** Prints a step, runs it, and prints its duration. */
async function timed<T>(title: string, work: () => Promise<T>): Promise<T> {
  console.log(`\n${title}`);
  const started = Date.now();
  const result = await work();
  console.log(`(${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return result;
}

/** Runs a sweep whose workers read the file in two regions. @returns its ID; undefined if machines cannot run here */
async function runSweep(id: string): Promise<string | undefined> {
  if (process.platform !== "linux") {
    console.log(
      "\nThe workers of sweeps run in sandboxes of Linux: the demo's sweep is left out on this system.",
    );
    return undefined;
  }
  const params = join("examples", "demo", "sweep.yaml");
  const launch = ["launch", "--params", params, "--stage-id", id, "--yes", "--wait"];
  const sweep = await spawnForOutput(launch);
  console.log(sweep);
  await spawn(["sweep", "logs", sweep]);
  await spawn(["sweep", "delete", sweep, "--yes"]);
  return sweep;
}

/** Downloads the object with a plain S3 client, and compares its SHA-256 with the file's. */
async function readBack(id: string, source: string, region: string): Promise<void> {
  const { settings } = await readEnvironmentFile(root, ENVIRONMENT);
  const bucket = bucketOf(settings, parseRegion(region));
  const key = `${id}/${basename(source)}`;
  await timed(`Download s3://${bucket}/${key} with a plain S3 client and compare`, async () => {
    const target = {
      cloud: "local",
      endpoint: await endpoint(),
      keys: await readLocalKeys(),
      region,
    } as const;
    const connection = resolveConnection(changed(process.env, connectionVariables(process.env, target)));
    const client = new S3Client({
      ...serviceSettings({ program: "library", connection }, "S3", region),
      forcePathStyle: true,
    });
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (Body === undefined) throw new Error(`s3://${bucket}/${key} has no body`);
    const [read, local] = await Promise.all([
      sha256(Body.transformToWebStream()),
      sha256(createReadStream(source)),
    ]);
    client.destroy();
    const places = [[`in ${region}:`, read] as const, ["on this disk:", local] as const];
    const width = Math.max(...places.map(([place]) => place.length));
    for (const [place, { hash, bytes }] of places) {
      console.log(`${place.padEnd(width)} SHA-256 ${hash}, ${formatBytes(bytes)}`);
    }
    if (read.hash !== local.hash) throw new Error(`the object in ${region} is not the file`);
    console.log("They are the same.");
  });
}

async function sha256(stream: AsyncIterable<Uint8Array>): Promise<{ hash: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  await pipeline(stream, async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  });
  return { hash: hash.digest("hex"), bytes };
}

async function endpoint(): Promise<string> {
  const own = usersEndpoint();
  if (own !== undefined) return own;
  const status = await cloudStatus();
  if (status.state === "running") return status.endpoint;
  throw new UserError("The local cloud is not running", { fix: "npx spawn local up" });
}

function whatNext(id: string, sweep: string | undefined): string {
  return `The entry stays, to play with. Try next:

  npx spawn stage list --format json
  npx spawn stage delete ${id}${sweep === undefined ? "" : `\n  npx spawn sweep info ${sweep}`}
  npx spawn stage upload FILE --regions us-east-1,eu-west-1 --ttl 3
  eval "$(npx spawn env)"        # then plain pulumi and aws work on the same state and cloud:
  pulumi stack ls
  npx spawn doctor
  npx spawn local down           # ends the local cloud; its data stay`;
}

await main(() => demo(process.argv.slice(2)));
