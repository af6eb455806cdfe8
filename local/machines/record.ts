import * as v from "valibot";
import { readTextIfThere } from "../../files/read.ts";
import { replaceFile } from "../../files/replace.ts";
import { decodeJson } from "../../staging/decode.ts";
import { isAlive } from "../background.ts";

/** Names the running process of the machines. */
const RECORD = v.object({
  pid: v.pipe(v.number(), v.integer()),
  /** The name of the process, which is in its command line, where all users can read it. */
  instance: v.string(),
  /** ISO time. */
  startedAt: v.string(),
});
type MachinesRecord = Readonly<v.InferOutput<typeof RECORD>>;

/** The record; undefined if it is missing, or if its process has ended or belongs to another user. */
export async function readRunning(file: string): Promise<MachinesRecord | undefined> {
  const record = await readRecord(file);
  return (await isAlive(file, record)) ? record : undefined;
}

/** The record, or undefined if it is missing or invalid (a damaged disk). */
export const readRecord = async (file: string): Promise<MachinesRecord | undefined> =>
  decodeJson(RECORD, await readTextIfThere(file));

export const writeRecord = (file: string, record: MachinesRecord): Promise<void> =>
  replaceFile(file, `${JSON.stringify(record)}\n`, 0o600);
