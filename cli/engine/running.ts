import { readFile } from "node:fs/promises";
import { runCommand } from "../../local/command.ts";

/** A process of this machine. */
export interface RunningProcess {
  /** The process that started it, or the one that took it over when that ended. */
  readonly parent: number;
  /** Its command line. */
  readonly command: string;
  /** When it started, in the system's own words: with its id, this identifies a process. */
  readonly started: string;
}

/** A process of this machine as files note it. Those of older versions do not have its start. */
export interface NotedProcess {
  readonly pid: number;
  readonly started?: string;
}

/** This process, for a file. */
export async function noteThisProcess(): Promise<NotedProcess> {
  const found = await findProcess(process.pid);
  return { pid: process.pid, ...(found === undefined ? {} : { started: found.started }) };
}

/** Whether another process than this one still runs. The system gives the id of one that has ended to any other program. */
export async function isRunningElsewhere({ pid, started }: NotedProcess): Promise<boolean> {
  if (pid === process.pid) return false;
  const found = await findProcess(pid);
  return found !== undefined && (started === undefined || started === found.started);
}

/** What runs under `pid`, of any user; undefined when nothing does. */
export async function findProcess(pid: number): Promise<RunningProcess | undefined> {
  return process.platform === "linux" ? await fromProc(pid) : await fromPs(pid);
}

async function fromProc(pid: number): Promise<RunningProcess | undefined> {
  try {
    const [stat, commandLine] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
    ]);
    // After the name in brackets, which may hold spaces and brackets itself, come the state and the parent.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, parent] = fields;
    // A zombie has ended; only its parent has not taken notice yet.
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
