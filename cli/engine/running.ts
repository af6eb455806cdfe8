import { readFile } from "node:fs/promises";
import { runCommand } from "../../local/command.ts";

/** A process of this machine. */
export interface RunningProcess {
  /** The parent process, or the one that the system assigned after the parent ended. */
  readonly parent: number;
  /** Its command line. */
  readonly command: string;
  /** Its start time in the system's format. Together with the process ID it identifies a process. */
  readonly started: string;
}

/** A process of this machine as files record it. Older versions did not record `started`. */
interface ProcessRecord {
  readonly pid: number;
  readonly started?: string;
}

/** The record of this process. */
export async function describeThisProcess(): Promise<ProcessRecord> {
  const found = await findProcess(process.pid);
  return { pid: process.pid, ...(found === undefined ? {} : { started: found.started }) };
}

/** Whether the recorded process is another one than this and still runs. Compares the start times, because systems reuse process IDs. */
export async function isOtherProcessAlive({ pid, started }: ProcessRecord): Promise<boolean> {
  if (pid === process.pid) return false;
  const found = await findProcess(pid);
  return found !== undefined && (started === undefined || started === found.started);
}

/** Finds a process of any user; undefined if none has this ID. */
export async function findProcess(pid: number): Promise<RunningProcess | undefined> {
  return process.platform === "linux" ? await fromProc(pid) : await fromPs(pid);
}

async function fromProc(pid: number): Promise<RunningProcess | undefined> {
  try {
    const [stat, commandLine] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
    ]);
    // The state and the parent follow the name in brackets, which can contain spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, parent] = fields;
    // A zombie (Z) or dead (X) process has ended.
    if (state === "Z" || state === "X") return undefined;
    const started = fields[19] ?? ""; // field 22 of proc_pid_stat(5), in clock ticks since the boot
    return { parent: Number(parent), command: commandLine.replaceAll("\0", " ").trim(), started };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

async function fromPs(pid: number): Promise<RunningProcess | undefined> {
  const { stdout } = await runCommand("ps", ["-o", "ppid=,stat=,lstart=,command=", "-p", String(pid)]);
  // The start is five words: Sun Nov 29 21:44:36 2026.
  const match = /^\s*(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/m.exec(stdout);
  if (match === null || match[2]?.startsWith("Z")) return undefined;
  return { parent: Number(match[1]), command: match[4] ?? "", started: match[3] ?? "" };
}
