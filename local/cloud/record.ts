import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { readOrNothing, writeWhole } from "../private-files.ts";

/** The file that names the running local cloud, and remembers its port while it is down. */
export interface CloudRecord {
  /** Kept across restarts: endpoints stay in people's shells. */
  readonly port: number;
  /** The process, while it runs. */
  readonly pid?: number;
  /** The name of the process, which is in its command line, where all users can read it: no secret, and no proof. */
  readonly instance?: string;
  /** ISO time. */
  readonly startedAt?: string;
  /** It was started by an older version of this program, and serves requests of anybody. */
  readonly withoutKey?: true;
}

/** The record, or undefined where there is none or it cannot be understood (a half-written disk, another program). */
export async function readRecord(file: string): Promise<CloudRecord | undefined> {
  const text = await readOrNothing(file);
  return text === undefined ? undefined : parseRecord(text);
}

export function parseRecord(text: string): CloudRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // told in readRecord
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { port, pid, token, instance = token, startedAt } = value as Record<string, unknown>;
  if (!Number.isInteger(port) || (port as number) < 1 || (port as number) > 65_535) return undefined;
  if (!Number.isInteger(pid) || typeof instance !== "string" || typeof startedAt !== "string") {
    return { port: port as number };
  }
  const older = token === undefined ? {} : { withoutKey: true as const };
  return { port: port as number, pid: pid as number, instance, startedAt, ...older };
}

/** Writes the record whole, for its owner alone: a reader sees the old one or the new one. */
export async function writeRecord(file: string, record: CloudRecord): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeWhole(file, `${JSON.stringify(record)}\n`);
}
