import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** Command lines of the running processes that have `home` in their arguments or environment. */
export async function processesOf(home: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)("ps", ["axeww", "-o", "pid=,command="], {
    maxBuffer: 256 * 1024 * 1024,
  });
  return stdout
    .split("\n")
    .filter((line) => line.includes(home) && !line.includes("ps axeww"))
    .map((line) => line.trim());
}

/** The local clouds among them. */
export async function cloudsOf(home: string): Promise<string[]> {
  return (await processesOf(home)).filter((command) => command.includes("serve.py"));
}

/** Parts of the local cloud: the server, and the machines of sweeps, which end two minutes after the last one. */
const isCloud = (command: string): boolean =>
  command.includes("serve.py") || command.includes("/local/machines.js");

/** Processes in `home` besides the local cloud that still run after `seconds`. */
export async function leftRunning(home: string, seconds = 30): Promise<string[]> {
  for (const end = Date.now() + seconds * 1000; ; await sleep(100)) {
    const left = (await processesOf(home)).filter((command) => !isCloud(command));
    if (left.length === 0 || Date.now() > end) return left;
  }
}
