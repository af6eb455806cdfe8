import { expect } from "chai";
import type { Keys } from "../../../connection/connection.ts";
import { EMBEDDED_ENDPOINT_VARIABLE } from "../../../connection/variables.ts";
import { awsPlugin } from "../../../local/aws-plugin/plugin.ts";
import { Server } from "../../../local/aws-plugin/sdk/call.ts";
import type { AnyResourceHandler, CallContext, Properties } from "../../../provider/plugin/types.ts";
import type { Case } from "./cases/case.ts";

const plugin = awsPlugin(new Server());

/** The types of resources that the plugin serves. */
export const types = Object.keys(plugin.resources);

/** The function of a token, as the plugin serves it. */
export function functionOf(token: string) {
  const found = plugin.functions?.[token];
  if (found === undefined) throw new Error(`the plugin has no function ${token}`);
  return found;
}

/** The handler of a type, as the plugin serves it. */
export async function handlerOf(type: string): Promise<AnyResourceHandler> {
  const load = plugin.resources[type];
  if (load === undefined) throw new Error(`the plugin has no type ${type}`);
  return load();
}

export function testContext(signal: AbortSignal = new AbortController().signal): CallContext {
  return { urn: "urn:pulumi:test::test::test::test", signal, log: () => undefined };
}

/** The good inputs of a case, with the defaults that the handler adds. */
export async function checked(handler: AnyResourceHandler, inputs: Properties): Promise<Properties> {
  const result = await handler.check?.(inputs, undefined, testContext());
  expect(result?.failures ?? [], "check failures").to.deep.equal([]);
  return result?.inputs ?? inputs;
}

/** Creates the resources that a case needs first; the returned function removes them. */
export async function createNeeds({ needs = [] }: Case): Promise<() => Promise<void>> {
  const removals: (() => Promise<void>)[] = [];
  for (const need of needs) {
    const handler = await handlerOf(need.type);
    const { id, outputs } = await handler.create(await checked(handler, need.inputs), testContext());
    removals.unshift(() => handler.delete(id, outputs, testContext()));
  }
  return async () => {
    for (const remove of removals) await remove();
  };
}

/** Sets variables of this process; the returned function restores them. */
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
  /** Undefined for any keys. */
  readonly keys?: Keys;
  stop(): Promise<void>;
}

/** Hooks that start an emulator for the tests around it and point the plugin at it. */
export function withEnvironment(start: () => Promise<Emulator>): void {
  let stop: (() => Promise<void>) | undefined;
  let restore: (() => void) | undefined;
  before("start the emulator", async () => {
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
  after("stop the emulator", async () => {
    restore?.();
    await stop?.();
  });
}
