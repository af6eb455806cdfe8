import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Keys } from "../../connection/connection.ts";
import { equalProofs, proofOf } from "./keys.ts";

const PROOF_PATH = "/_spawn/proof";
/** Characters of an answer, at most: another program at the port must not fill the memory. */
const ANSWER_LIMIT = 4_096;

/**
 * Whether `pid` is a running local cloud of this name and of the user `uid`. Process ids are used again, so a pid alone proves
 * nothing. The name is in the command line, which all users can read, so it proves nothing of another user's process.
 */
export async function isRunning(pid: number, instance: string, uid: number): Promise<boolean> {
  const seen = await processOf(pid);
  return seen !== undefined && seen.uid === uid && seen.command.includes(instance);
}

interface SeenProcess {
  readonly uid: number;
  readonly command: string;
}

async function processOf(pid: number): Promise<SeenProcess | undefined> {
  if (process.platform === "linux") {
    const folder = `/proc/${pid}`;
    try {
      const [{ uid }, command] = await Promise.all([stat(folder), readFile(`${folder}/cmdline`, "utf8")]);
      // Empty for a process that ended and that its parent has not noticed yet.
      return { uid, command };
    } catch {
      return undefined; // no such process
    }
  }
  const { stdout } = await promisify(execFile)("ps", ["-ww", "-o", "uid=,command=", "-p", String(pid)]).catch(
    () => ({
      stdout: "", // no such process
    }),
  );
  const [, uid, command] = /^\s*(\d+)\s+(.*)$/s.exec(stdout) ?? [];
  return uid === undefined || command === undefined ? undefined : { uid: Number(uid), command };
}

/** What answers on a port: the local cloud with this key and process id, something else, or nothing (in time). */
export type Answer = "ours" | "other" | "none";

export interface Asked {
  readonly port: number;
  readonly pid: number;
  readonly keys: Keys;
}

/**
 * Asks a port of this machine who it is. After a crash, another user may have taken the port: so both sides prove that they know
 * the secret, and neither tells it. The port is part of the proof: an answer cannot be fetched from the local cloud at another
 * port. `timeout` in milliseconds.
 */
export function askProof({ port, pid, keys }: Asked, timeout = 2_000): Promise<Answer> {
  const nonce = randomBytes(16).toString("hex");
  const headers = {
    connection: "close",
    "x-spawn-nonce": nonce,
    "x-spawn-proof": proofOf(keys, "client", { port, nonce }),
  };
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeout);
    const request = get(
      { host: "127.0.0.1", port, path: PROOF_PATH, agent: false, headers, signal },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          body += chunk;
          if (body.length > ANSWER_LIMIT) {
            resolve("other");
            request.destroy();
          }
        });
        response.on("end", () => {
          const expected = proofOf(keys, "server", { port, nonce, pid });
          resolve(equalProofs(proofIn(body), expected) ? "ours" : "other");
        });
        response.on("error", () => resolve("none"));
      },
    );
    request.on("error", () => resolve("none"));
  });
}

function proofIn(body: string): string {
  try {
    const proof = (JSON.parse(body) as { proof?: unknown } | null)?.proof;
    return typeof proof === "string" ? proof : "";
  } catch {
    return ""; // some other server
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
