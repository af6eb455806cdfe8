import type { Keys } from "../../../connection/connection.ts";
import { EMBEDDED_ENDPOINT_VARIABLE } from "../../../connection/variables.ts";
import { awsPlugin } from "../../../local/aws-plugin/plugin.ts";
import type { AnyResourceHandler, CallContext } from "../../../provider/plugin/types.ts";

/** The handler of a type, as the plugin serves it. */
export async function handlerOf(type: string): Promise<AnyResourceHandler> {
  const load = awsPlugin.resources[type];
  if (load === undefined) throw new Error(`the plugin has no type ${type}`);
  return load();
}

export function testContext(signal: AbortSignal = new AbortController().signal): CallContext {
  return { urn: "urn:pulumi:test::test::test::test", signal, log: () => undefined };
}

/** Sets variables of this process; the function returned puts them back. */
export function setEnvironment(values: Record<string, string | undefined>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  const set = (entries: Iterable<readonly [string, string | undefined]>) => {
    for (const [name, value] of entries) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  set(Object.entries(values));
  return () => set(before);
}

export interface Emulator {
  readonly endpoint: string;
  /** Undefined for one that takes any keys. */
  readonly keys?: Keys;
  stop(): Promise<void>;
}

/** Hooks that start an emulator for the tests around it and point the plugin at it. */
export function withEnvironment(start: () => Promise<Emulator>): void {
  let stop: (() => Promise<void>) | undefined;
  let restore: (() => void) | undefined;
  before("start the emulator", async function () {
    this.timeout(180_000);
    const emulator = await start();
    stop = () => emulator.stop();
    restore = setEnvironment({
      AWS_ENDPOINT_URL: emulator.endpoint,
      [EMBEDDED_ENDPOINT_VARIABLE]: emulator.keys === undefined ? undefined : emulator.endpoint,
      AWS_ACCESS_KEY_ID: emulator.keys?.accessKeyId ?? "test",
      AWS_SECRET_ACCESS_KEY: emulator.keys?.secretAccessKey ?? "test",
      AWS_SESSION_TOKEN: undefined,
      AWS_REGION: "us-east-1",
    });
  });
  after("stop the emulator", async function () {
    this.timeout(30_000);
    restore?.();
    await stop?.();
  });
}
