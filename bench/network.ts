import { spawn } from "node:child_process";
import { answering, ended, freePort } from "./processes.ts";

/** Milliseconds before a response, and bytes per second of a connection. */
export const NETWORK = { latencyMs: 50, bytesPerSecond: 8 * 1024 ** 2 } as const;

interface Network {
  /** The server behind it. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Simulates a network in front of a server with toxiproxy: each connection has its own bandwidth, and responses have a delay. */
export async function startNetwork(program: string, server: string): Promise<Network> {
  const [api, port] = [await freePort(), await freePort()];
  const proxy = spawn(program, ["-host", "127.0.0.1", "-port", String(api)], { stdio: "ignore" });
  try {
    const url = `http://127.0.0.1:${api}/proxies`;
    await answering(url);
    await post(url, {
      name: "s3",
      listen: `127.0.0.1:${port}`,
      upstream: new URL(server).host,
      enabled: true,
    });
    const toxics = `${url}/s3/toxics`;
    await post(toxics, {
      ...{ name: "latency", type: "latency", stream: "downstream" },
      attributes: { latency: NETWORK.latencyMs },
    });
    await post(toxics, {
      ...{ name: "bandwidth", type: "bandwidth", stream: "upstream" },
      attributes: { rate: NETWORK.bytesPerSecond / 1024 },
    });
    return { endpoint: `http://127.0.0.1:${port}`, stop: () => ended(proxy) };
  } catch (error) {
    await ended(proxy);
    throw error;
  }
}

async function post(url: string, body: object): Promise<void> {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`toxiproxy: ${await answer.text()}`);
}
