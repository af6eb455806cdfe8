import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../staging/errors.ts";
import { readOrNothing, writeWhole } from "../private-files.ts";
import type { MachinesFiles } from "./files.ts";

/** Settings of tests, for all machines of a data folder. */
export interface Controls {
  /** Seconds by which the metadata services are slow. */
  readonly slowImdsSeconds?: number;
  /** Bytes of /mnt of machines that boot from now on, which is a file system in memory then. */
  readonly mntBytes?: number;
}

/** What a test asks of the running process. */
export type Request =
  | { readonly kind: "reboot"; readonly instance: string }
  /** A spot notice, and the termination some seconds later. */
  | { readonly kind: "interrupt"; readonly instance: string; readonly seconds: number };

/*
 * Both are files of the data folder, which is closed to other users: a socket's path may have 107 bytes only, and a data folder's has
 * any length.
 */

export async function readControls(files: MachinesFiles): Promise<Controls> {
  const text = await readOrNothing(files.controls);
  return text === undefined ? {} : (JSON.parse(text) as Controls);
}

export async function writeControls(files: MachinesFiles, controls: Controls): Promise<void> {
  await mkdir(files.folder, { recursive: true, mode: 0o700 });
  await writeWhole(files.controls, JSON.stringify(controls));
}

/** Leaves a request. @returns the file that vanishes when it was carried out, and the one that says why it was not */
export async function leaveRequest(
  files: MachinesFiles,
  request: Request,
): Promise<{ readonly file: string; readonly refusal: string }> {
  await mkdir(files.requests, { recursive: true, mode: 0o700 });
  const file = join(files.requests, `${randomUUID()}.json`);
  await writeWhole(file, JSON.stringify(request));
  return { file, refusal: `${file}.refused` };
}

/** Carries out the requests that are left, each once. */
export async function takeRequests(
  files: MachinesFiles,
  carryOut: (request: Request) => Promise<void>,
): Promise<void> {
  const names = await readdir(files.requests).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const name of names.filter((name) => name.endsWith(".json"))) {
    const file = join(files.requests, name);
    try {
      await carryOut(JSON.parse(await readFile(file, "utf8")) as Request);
    } catch (error) {
      await writeWhole(`${file}.refused`, messageOf(error));
    }
    await rm(file, { force: true });
  }
}
