import { AsyncLocalStorage } from "node:async_hooks";
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { NEVER } from "./never.ts";
import type { SendOptions } from "./operations.ts";

/** The settings of the request that the SDK is sending. */
const current = new AsyncLocalStorage<SendOptions>();

/** Lets the SDK's attempts at a request follow its settings: see {@link followSettings}. */
export const withSettings = <T>(options: SendOptions, send: () => Promise<T>): Promise<T> =>
  current.run({ ...current.getStore(), ...options }, send);

/** Whether the request that is being sent may go to a bucket of any account. */
export const isToAnyOwner = (): boolean => current.getStore()?.anyOwner === true;

/** Tells the watch of a request of each attempt, and sends its body at its rate. Once for each client. */
export function followSettings({ middlewareStack }: S3Client): void {
  // Inside the SDK's retries.
  middlewareStack.add(
    (next) => (args) => {
      const { watch } = current.getStore() ?? {};
      return watch === undefined ? next(args) : watch.attempt(() => next(args));
    },
    { step: "finalizeRequest", priority: "low", name: "watchAttempts" },
  );
  // After the signature, and inside the SDK's retries, which have to see a body that can be sent again.
  middlewareStack.add(
    (next) => (args) => {
      const { bandwidth, signal = NEVER } = current.getStore() ?? {};
      const request = args.request as { readonly body?: unknown };
      if (bandwidth === undefined || !(request.body instanceof Uint8Array)) return next(args);
      const body = Readable.from(bandwidth.paced([request.body], signal));
      // The request that it is piped to ends first, and says why.
      body.on("error", () => undefined);
      const slow = Object.assign(Object.create(Object.getPrototypeOf(request)), request, { body }) as object;
      return next({ ...args, request: slow });
    },
    { step: "deserialize", priority: "low", name: "paceBodies" },
  );
}
