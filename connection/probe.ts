import { HttpRequest } from "@smithy/core/protocols";
import { messageOf } from "../staging/errors.ts";
import type { Connection } from "./connection.ts";
import { explainSetup, type SetupProblem } from "./errors/setup.ts";
import { transportOf } from "./transport.ts";

/**
 * Tests whether a server responds, through the same proxy as requests.
 * @param patience milliseconds
 * @returns the obstacle, or undefined
 */
export async function probe(
  connection: Connection,
  address: string,
  patience: number,
): Promise<SetupProblem | undefined> {
  const url = new URL(address);
  const handler = (await transportOf(connection)).handler({
    connectionTimeout: patience,
    requestTimeout: patience,
    throwOnRequestTimeout: true,
  });
  try {
    const request = new HttpRequest({
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === "" ? {} : { port: Number(url.port) }),
      path: url.pathname,
      headers: { host: url.host },
    });
    const { response } = await handler.handle(request);
    const body = response.body as { destroy?: () => void } | undefined;
    body?.destroy?.();
    return undefined;
  } catch (error) {
    return (
      explainSetup(error, connection) ?? {
        message: `${address} does not answer`,
        why: messageOf(error),
        fix: "Check the address and the network.",
      }
    );
  } finally {
    handler.destroy();
  }
}
