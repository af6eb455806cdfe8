import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildTool } from "../../bench/build-tool.ts";
import { answering, ended, freePort } from "../../bench/processes.ts";
import type { Keys } from "../../connection/connection.ts";

interface Versitygw {
  readonly endpoint: string;
  readonly keys: Keys;
  stop(): Promise<void>;
}

/**
 * Starts versitygw, an S3 server on a file system, with one process for each region, because a process serves one region only. They
 * share a folder, so buckets are copied between regions as on AWS. It is built with Go before its first use (about a minute).
 * @throws UserError when Go is missing
 */
export async function startVersitygw(regions: readonly string[]): Promise<Versitygw> {
  const program = await buildTool("versitygw");
  const folder = await mkdtemp(join(tmpdir(), "spawn-versitygw-"));
  const keys = { accessKeyId: "test", secretAccessKey: "test" };
  const env = { ROOT_ACCESS_KEY_ID: keys.accessKeyId, ROOT_SECRET_ACCESS_KEY: keys.secretAccessKey };
  const processes: ChildProcess[] = [];
  const ports = new Map<string, number>();
  const stopAll = async (): Promise<void> => {
    await Promise.all(processes.map(ended));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    // In separate files, because not every temporary folder supports extended attributes.
    const [data, versions, meta] = ["data", "versions", "meta"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await Promise.all([data, versions, meta].map((path) => mkdir(path)));
    for (const region of regions) {
      const port = await freePort();
      ports.set(region, port);
      const own = ["--port", `127.0.0.1:${port}`, "--region", region, "--keep-alive", "--quiet"];
      const backend = ["posix", "--versioning-dir", versions, "--sidecar", meta, data];
      processes.push(spawn(program, [...own, ...backend], { env, stdio: "ignore" }));
    }
    await Promise.all([...ports.values()].map((port) => answering(`http://127.0.0.1:${port}`)));
    const front = await startFront(ports);
    const stop = async (): Promise<void> => {
      await front.stop();
      await stopAll();
    };
    return { endpoint: front.endpoint, keys, stop };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

const REGION = /Credential=[^/]+\/\d{8}\/([^/]+)\//;

/** One endpoint for all regions: forwards each request to the process of its signature's region. */
async function startFront(
  ports: ReadonlyMap<string, number>,
): Promise<{ endpoint: string; stop: () => Promise<void> }> {
  const [anyPort] = ports.values();
  const pass = (asked: IncomingMessage, answer: ServerResponse): void => {
    const { method, url, headers } = asked;
    const region = REGION.exec(headers.authorization ?? "")?.[1] ?? "";
    const port = ports.get(region) ?? anyPort;
    const onward = request({ host: "127.0.0.1", port, method, path: url, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    asked.on("close", () => {
      if (!asked.complete) onward.destroy();
    });
    asked.pipe(onward);
  };
  const server = createServer(pass);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
