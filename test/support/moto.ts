import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ensureVenv } from "./venv.ts";

const START_TIMEOUT_MS = 120_000;

/** Runs moto's server, and ends it when its stdin closes, so that a killed test leaves no server. */
const SERVE = `
import os, sys, threading
def end_with_parent():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=end_with_parent, daemon=True).start()
from moto.server import main
main(["-H", "127.0.0.1", "-p", "0"])
`;

interface Moto {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Starts moto, another AWS emulator, empty and on a free port, and installs it before its first use (about a minute).
 */
export async function startMoto(): Promise<Moto> {
  const python = join(await ensureVenv("moto"), "python");
  const child = spawn(python, ["-c", SERVE], {
    env: { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: "true" },
    stdio: ["pipe", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL"); // moto keeps nothing
    await ended;
  };
  try {
    return { endpoint: await endpointOf(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The address in the server's first lines. Later output, one line per request, is read so that the server does not block. */
function endpointOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stderr === null) throw new TypeError("moto has no stderr");
    const seen: string[] = [];
    const fail = (why: string) => reject(new Error(`moto ${why}: ${seen.slice(-5).join(" / ")}`));
    const timer = setTimeout(
      () => fail(`did not start within ${START_TIMEOUT_MS / 1000} s`),
      START_TIMEOUT_MS,
    );
    child.once("error", reject);
    child.once("close", () => fail("ended"));
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (seen.length < 100) seen.push(line);
      const [, endpoint] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line) ?? [];
      if (endpoint === undefined) return;
      clearTimeout(timer);
      resolve(endpoint);
    });
  });
}
