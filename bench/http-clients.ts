import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { Agent, request as requestHttp } from "node:http";
import { join } from "node:path";
import { Pool } from "undici";
import { packageRoot } from "../package-root.ts";
import { Http } from "../provider/store/fast/http.ts";
import { KIB } from "../staging/units.ts";
import { spread } from "./report.ts";
import { succeed } from "./tools.ts";

/**
 * CPU time per request with a small file, for three HTTP clients: Node's own, undici, and the data plane's. Prints a
 * Markdown table of this process's CPU time and saves it in docs/benchmarks-http.md. Usage: node
 * bench/http-clients.ts [rounds]
 */

const ROUNDS = Number(process.argv[2] ?? 5);
/** The first requests run code that is not compiled yet. */
const COUNTS = [2_000, 20_000];
const IN_FLIGHT = 32;
const BODY = Buffer.alloc(16 * KIB);

/** In a separate process, so that this process's CPU time is the client's. */
const SERVER = `
  const server = require("node:http").createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(200, { etag: '"0"', "content-length": 0 }).end());
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

/** With the length and number of an upload's headers. */
function headersFor(host: string): string[] {
  return [
    ...["host", host, "content-type", "application/octet-stream", "content-length", String(BODY.length)],
    ...["x-amz-checksum-crc32", "AAAAAA==", "x-amz-content-sha256", "UNSIGNED-PAYLOAD"],
    ...["x-amz-tagging", "StagingID=stage-0123456789ab&spawn%3Attl-days=7"],
    ...["x-amz-meta-spawn-sha256", "0".repeat(64), "x-amz-date", "20260101T000000Z"],
    ...[
      "authorization",
      `AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request, ${"0".repeat(150)}`,
    ],
    ...["user-agent", "aws-sdk-js/3 ua/2.1 os/linux lang/js md/nodejs"],
  ];
}

type Send = (path: string) => Promise<number>;

function clients(port: number): Readonly<Record<string, Send>> {
  const hostname = "127.0.0.1";
  const host = `${hostname}:${port}`;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const pool = new Pool(`http://${host}`, { connections: 64 });
  const http = new Http({ most: 64, connectTimeoutMs: 10_000, stallTimeoutMs: 90_000 });
  const never = new AbortController().signal;
  return {
    "`node:http`": (path) =>
      new Promise((resolve, reject) => {
        const headers = headersFor(host);
        const sent = requestHttp({ method: "PUT", hostname, port, path, headers, agent, timeout: 90_000 });
        sent.on("error", reject);
        sent.on("response", (message) =>
          message
            .on("error", reject)
            .on("data", () => undefined)
            .on("end", () => resolve(message.statusCode ?? 0)),
        );
        sent.end(BODY);
      }),
    undici: (path) =>
      new Promise((resolve, reject) => {
        let status = 0;
        pool.dispatch(
          { method: "PUT", path, headers: headersFor(host), body: BODY },
          {
            onRequestStart: () => undefined,
            onResponseStart: (_controller, code) => {
              status = code;
            },
            onResponseData: () => undefined,
            onResponseEnd: () => resolve(status),
            onResponseError: (_controller, error) => reject(error),
          },
        );
      }),
    "the data plane's": async (path) => {
      const wire = { method: "PUT" as const, path, headers: headersFor(host), body: BODY, isChecked: true };
      return (await http.exchange({ protocol: "http:", hostname, port }, wire, never)).status;
    },
  };
}

/** Runs in a separate process for each client, so that none runs code that another one has warmed up. */
async function measure(name: string, port: number, count: number): Promise<number> {
  const send = clients(port)[name];
  if (send === undefined) throw new Error(`no client ${name}`);
  const before = process.cpuUsage();
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      const status = await send(`/bucket/stage-0123456789ab/data/${next}`);
      if (status !== 200) throw new Error(`answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  const used = process.cpuUsage(before);
  return (used.user + used.system) / count;
}

async function main(): Promise<void> {
  const server = spawn(process.execPath, ["-e", SERVER], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [text] = (await once(server.stdout, "data")) as [Buffer];
    const results = new Map<string, number[][]>();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of Object.keys(clients(0))) {
        for (const [index, count] of COUNTS.entries()) {
          const all = results.get(name) ?? COUNTS.map(() => []);
          all[index]?.push(await inChild(name, Number(text.toString()), count));
          results.set(name, all);
        }
      }
    }
    const table = render(results);
    console.log(table);
    await writeFile(join(packageRoot(), "docs", "benchmarks-http.md"), table);
  } finally {
    server.kill();
  }
}

async function inChild(name: string, port: number, count: number): Promise<number> {
  const args = [import.meta.filename, "--client", name, String(port), String(count)];
  return Number(await succeed(process.execPath, args));
}

function render(results: ReadonlyMap<string, readonly (readonly number[])[]>): string {
  return [
    "# CPU time per request of three HTTP clients",
    "",
    `\`node bench/http-clients.ts\`: ${ROUNDS} rounds, interleaved, each in its own process. PUT of 16 KiB with an upload's headers, ${IN_FLIGHT}`,
    "requests in flight, to a server on the same machine. CPU time of the client per request, in microseconds, min / median / max.",
    "The data plane uses undici's client with its own limits and timeouts.",
    "",
    `| client | ${COUNTS.map((count) => `${count.toLocaleString("en-US")} requests`).join(" | ")} |`,
    `|---|${COUNTS.map(() => "---").join("|")}|`,
    ...[...results].map(
      ([name, all]) => `| ${name} | ${all.map((values) => spread(values, 0)).join(" | ")} |`,
    ),
    "",
  ].join("\n");
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === "--client") {
  const [name = "", port, count] = rest;
  console.log(await measure(name, Number(port), Number(count)));
  process.exit(0); // keep-alive connections would keep the process running
}
await main();
