import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { ifThere, readTextIfThere } from "../../files/read.ts";
import { replaceFile } from "../../files/replace.ts";
import { decode, type Problem } from "../../staging/decode.ts";
import { messageOf } from "../../staging/errors.ts";
import type { MachinesFiles } from "./files.ts";

/** Settings of tests, for all machines of a data folder. */
const CONTROLS = v.object({
  /** Seconds by which the metadata services are slow. */
  slowImdsSeconds: v.exactOptional(v.number()),
  /** Bytes of /mnt of machines that boot from now on, which is a file system in memory then. */
  mntBytes: v.exactOptional(v.number()),
});
type Controls = Readonly<v.InferOutput<typeof CONTROLS>>;

/** A test's request to the running process. */
const REQUEST = v.variant("kind", [
  v.object({ kind: v.literal("reboot"), instance: v.string() }),
  /** A spot notice, and the termination some seconds later. */
  v.object({ kind: v.literal("interrupt"), instance: v.string(), seconds: v.number() }),
]);
export type Request = Readonly<v.InferOutput<typeof REQUEST>>;

/** Both are files of the private data folder: a socket's path is limited to 107 bytes, and a data folder's path is not. */

export async function readControls(files: MachinesFiles): Promise<Controls> {
  const text = await readTextIfThere(files.controls);
  return text === undefined ? {} : decode(CONTROLS, JSON.parse(text), damaged);
}

export async function writeControls(files: MachinesFiles, controls: Controls): Promise<void> {
  await mkdir(files.folder, { recursive: true, mode: 0o700 });
  await replaceFile(files.controls, JSON.stringify(controls), 0o600);
}

const damaged = ({ path, message }: Problem): Error => new Error(`${path}: ${message}`);

/** Leaves a request. @returns the file that vanishes when it was carried out, and the one that says why it was not */
export async function leaveRequest(
  files: MachinesFiles,
  request: Request,
): Promise<{ readonly file: string; readonly refusal: string }> {
  await mkdir(files.requests, { recursive: true, mode: 0o700 });
  const file = join(files.requests, `${randomUUID()}.json`);
  await replaceFile(file, JSON.stringify(request), 0o600);
  return { file, refusal: `${file}.refused` };
}

/** Executes the pending requests, each once. */
export async function consumeRequests(
  files: MachinesFiles,
  carryOut: (request: Request) => Promise<void>,
): Promise<void> {
  const names = (await ifThere(readdir(files.requests))) ?? [];
  for (const name of names.filter((name) => name.endsWith(".json"))) {
    const file = join(files.requests, name);
    try {
      await carryOut(decode(REQUEST, JSON.parse(await readFile(file, "utf8")), damaged));
    } catch (error) {
      await replaceFile(`${file}.refused`, messageOf(error), 0o600);
    }
    await rm(file, { force: true });
  }
}
