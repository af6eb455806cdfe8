import { createServer } from "node:net";
import { UserError } from "../../staging/errors.ts";

/**
 * The start of the search for a port: below the ephemeral ports of all systems (32768 upwards on Linux), which the
 * system may give to any client while the cloud is down.
 */
const FIRST_PORT = 14_566;
const LAST_PORT = 15_565;

/** A free port of 127.0.0.1: `preferred` if possible, otherwise the first of a fixed range. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let port = FIRST_PORT; port <= LAST_PORT; port++) {
    if (port !== preferred && (await isFree(port))) return port;
  }
  throw new UserError("The local cloud found no port to listen on", {
    why: `Other programs have every port from ${FIRST_PORT} to ${LAST_PORT} of 127.0.0.1.`,
    fix: `See which: ss -ltnp 'sport >= ${FIRST_PORT} and sport <= ${LAST_PORT}'`,
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
