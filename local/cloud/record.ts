import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import * as v from "valibot";
import { readTextIfThere } from "../../files/read.ts";
import { replaceFile } from "../../files/replace.ts";
import { decodeJson } from "../../staging/decode.ts";

/** The file that names the running local cloud, and keeps its port while it is down. */
export interface CloudRecord {
  /** Kept across restarts, because endpoints stay in users' shells. */
  readonly port: number;
  /** The process, if it runs. */
  readonly pid?: number;
  /** The name of the process in its command line, which all users can read: neither a secret nor a proof. */
  readonly instance?: string;
  /** ISO time. */
  readonly startedAt?: string;
  /** Started by an older version of this program, and open to all users. */
  readonly withoutKey?: true;
}

/** The record, or undefined if it is missing or invalid (a damaged disk, another program). */
export async function readRecord(file: string): Promise<CloudRecord | undefined> {
  const text = await readTextIfThere(file);
  return text === undefined ? undefined : parseRecord(text);
}

const PORT = v.object({ port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)) });
/** `token` is the name in records of older versions, whose local cloud has no key. */
const PROCESS = v.object({
  pid: v.pipe(v.number(), v.integer()),
  instance: v.optional(v.string()),
  token: v.optional(v.string()),
  startedAt: v.string(),
});

export function parseRecord(text: string): CloudRecord | undefined {
  const record = decodeJson(PORT, text);
  const { token, instance = token, pid, startedAt } = decodeJson(PROCESS, text) ?? {};
  if (record === undefined || pid === undefined || instance === undefined || startedAt === undefined)
    return record;
  return { ...record, pid, instance, startedAt, ...(token === undefined ? {} : { withoutKey: true }) };
}

/** Writes the record atomically, for its owner only. */
export async function writeRecord(file: string, record: CloudRecord): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await replaceFile(file, `${JSON.stringify(record)}\n`, 0o600);
}
