import { stat } from "node:fs/promises";
import { isRunning } from "../cloud/process.ts";
import { readOrNothing, writeWhole } from "../private-files.ts";

/** Names the running process of the machines. */
export interface MachinesRecord {
  readonly pid: number;
  /** The name of the process, which is in its command line, where all users can read it. */
  readonly instance: string;
  /** ISO time. */
  readonly startedAt: string;
}

/** The record; undefined where there is none, or where its process has ended or is another user's. */
export async function readRunning(file: string): Promise<MachinesRecord | undefined> {
  const record = await readRecord(file);
  if (record === undefined) return undefined;
  const { uid } = await stat(file);
  return (await isRunning(record.pid, record.instance, uid)) ? record : undefined;
}

/** The record, or undefined where there is none or it cannot be understood (a half-written disk). */
export async function readRecord(file: string): Promise<MachinesRecord | undefined> {
  const text = await readOrNothing(file);
  if (text === undefined) return undefined;
  try {
    const { pid, instance, startedAt } = JSON.parse(text) as Record<string, unknown>;
    if (!Number.isInteger(pid) || typeof instance !== "string" || typeof startedAt !== "string")
      return undefined;
    return { pid: pid as number, instance, startedAt };
  } catch {
    return undefined;
  }
}

export const writeRecord = (file: string, record: MachinesRecord): Promise<void> =>
  writeWhole(file, `${JSON.stringify(record)}\n`);
