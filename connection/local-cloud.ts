import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { get } from "node:http";
import { UserError } from "../staging/errors.ts";
import type { Keys } from "./connection.ts";
import {
  EMBEDDED_ENDPOINT_VARIABLE,
  EMBEDDED_KEY_VARIABLE,
  isOnLocalCloud,
  type Variables,
} from "./variables.ts";

const PROOF_PATH = "/_spawn/proof";
/** Maximum characters of a response: another program at the port must not exhaust the memory. */
const ANSWER_LIMIT = 4_096;

/** The key of the local cloud that this process received, whatever its AWS variables are now. */
export function embeddedKeys(env: Variables): Keys | undefined {
  const [, accessKeyId, secretAccessKey] = /^([^:]+):(.+)$/.exec(env[EMBEDDED_KEY_VARIABLE] ?? "") ?? [];
  return accessKeyId === undefined || secretAccessKey === undefined
    ? undefined
    : { accessKeyId, secretAccessKey };
}

/**
 * For a plugin, before its first request: the shell may have the endpoint of a local cloud that has stopped since,
 * and another program or user may have the port now. If nothing responds, the requests themselves fail.
 * @throws UserError if another program has the port, or the variables have no key
 */
export async function requireLocalCloud(env: Variables = process.env): Promise<void> {
  if (!isOnLocalCloud(env)) return;
  const fix = 'eval "$(npx spawn env)", then run the command again.';
  const keys = embeddedKeys(env);
  if (keys === undefined) {
    throw new UserError("This shell has no access key of the local cloud", {
      why: `${EMBEDDED_KEY_VARIABLE} is not set: the variables are those of an older version of spawn.`,
      fix,
    });
  }
  const endpoint = env[EMBEDDED_ENDPOINT_VARIABLE] ?? "";
  if ((await authenticateServer({ port: Number(new URL(endpoint).port), keys })) !== "other") return;
  throw new UserError(`The program at ${endpoint} is not the local cloud of this shell`, {
    why: "The local cloud has moved to another port, or has another access key. Nothing was sent.",
    fix,
  });
}

/** The server on a port: the local cloud with this key (and process ID), another server, or no response in time. */
type Answer = "ours" | "other" | "none";

interface Asked {
  readonly port: number;
  readonly keys: Keys;
  /** The expected process, if known. */
  readonly pid?: number;
}

/**
 * Authenticates the server on a port of this machine. After a crash, another user may have taken the port, so both
 * sides prove that they know the secret, and neither sends it. The proof includes the port, so an attacker cannot
 * relay a response from another port. `timeout` in milliseconds.
 */
export function authenticateServer({ port, keys, pid }: Asked, timeout = 2_000): Promise<Answer> {
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
          const answer = proofIn(body);
          const proves =
            answer !== undefined &&
            (pid === undefined || pid === answer.pid) &&
            equal(answer.proof, proofOf(keys, "server", { port, nonce, pid: answer.pid }));
          resolve(proves ? "ours" : "other");
        });
        response.on("error", () => resolve("none"));
      },
    );
    request.on("error", () => resolve("none"));
  });
}

function proofIn(body: string): { readonly pid: number; readonly proof: string } | undefined {
  try {
    const { pid, proof } = JSON.parse(body) as { pid?: unknown; proof?: unknown };
    return typeof pid === "number" && typeof proof === "string" ? { pid, proof } : undefined;
  } catch {
    return undefined; // another server
  }
}

/** The messages that prove knowledge of the secret without revealing it. */
export const proofOf = (
  keys: Keys,
  side: "client" | "server",
  { port, nonce, pid = 0 }: { readonly port: number; readonly nonce: string; readonly pid?: number },
): string => derived(keys, `proof ${side} ${port} ${pid} ${nonce}`);

/** As `_mac` of local/cloud/server/keys.py. */
export const derived = ({ secretAccessKey }: Keys, text: string): string =>
  createHmac("sha256", secretAccessKey).update(`spawn local cloud: ${text}`).digest("hex");

/** Compares in constant time. */
function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
