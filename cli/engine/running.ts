import { readFile } from "node:fs/promises";
import { runCommand } from "../../local/command.ts";

/** A process of this machine. */
export interface RunningProcess {
  /** The process that started it, or the one that took it over when that ended. */
  readonly parent: number;
  /** Its command line. */
  readonly command: string;
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
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; only its parent has not taken notice yet.
    if (state === "Z" || state === "X") return undefined;
    return { parent: Number(parent), command: commandLine.replaceAll("\0", " ").trim() };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

async function fromPs(pid: number): Promise<RunningProcess | undefined> {
  const { stdout } = await runCommand("ps", ["-o", "ppid=,stat=,command=", "-p", String(pid)]);
  const match = /^\s*(\d+)\s+(\S+)\s+(.*)$/m.exec(stdout);
  if (match === null || match[2]?.startsWith("Z")) return undefined;
  return { parent: Number(match[1]), command: match[3] ?? "" };
}
