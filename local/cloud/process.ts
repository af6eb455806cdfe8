import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const HEALTH_PATH = "/_localstack/health";

/**
 * Whether `pid` is a running local cloud with this token. Process ids are used again, so a pid alone proves nothing:
 * the token is in the command line.
 */
export async function isRunning(pid: number, token: string): Promise<boolean> {
  return (await commandLine(pid)).includes(token);
}

async function commandLine(pid: number): Promise<string> {
  if (process.platform === "linux") {
    // Empty for a process that ended and that its parent has not noticed yet.
    return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  }
  const { stdout } = await promisify(execFile)("ps", ["-ww", "-o", "command=", "-p", String(pid)]).catch(
    () => ({
      stdout: "", // no such process
    }),
  );
  return stdout;
}

/** What answers on a port: our cloud, something else, or nothing (in time). */
export type Answer = "ours" | "other" | "none";

/** Asks a port of this machine who it is. `timeout` in milliseconds. */
export function askHealth(port: number, token: string, timeout = 2_000): Promise<Answer> {
  return new Promise((resolve) => {
    const request = get(
      { host: "127.0.0.1", port, path: HEALTH_PATH, agent: false, timeout, headers: { connection: "close" } },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          body += chunk;
        });
        response.on("end", () => resolve(editionOf(body) === token ? "ours" : "other"));
        response.on("error", () => resolve("none"));
      },
    );
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", () => resolve("none"));
  });
}

/** ministack reports its setting MINISTACK_EDITION in its health: it carries the token. */
function editionOf(body: string): unknown {
  try {
    return (JSON.parse(body) as { edition?: unknown } | null)?.edition;
  } catch {
    return undefined; // some other server
  }
}

/** Waits until `done` or until `timeout` milliseconds are over, and says which. */
export async function pollUntil(done: () => Promise<boolean>, timeout: number, every = 20): Promise<boolean> {
  for (const end = Date.now() + timeout; ; ) {
    if (await done()) return true;
    if (Date.now() >= end) return false;
    await sleep(every);
  }
}
