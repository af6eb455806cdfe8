import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Bandwidth } from "../transfer/flow/bandwidth.ts";
import { FileBody } from "./file-body.ts";

/** A command of the SDK, as far as every one with a body is the same. */
interface Command {
  readonly input: { readonly Body?: unknown };
}

/** What a request that the SDK sends keeps to, by its command's input. */
interface Pace {
  readonly bandwidth: Bandwidth;
  readonly signal: AbortSignal;
}

const paces = new WeakMap<object, Pace>();
const limits = new WeakMap<S3Client, Bandwidth>();
const PACE = "pace";

/** Notes the limit that a client's requests keep to; {@link limitOf} tells it to those who read by it. */
export function limitClient(client: S3Client, bandwidth: Bandwidth): void {
  limits.set(client, bandwidth);
}

/** The limit of a client's requests; undefined where there is none. */
export const limitOf = (client: S3Client): Bandwidth | undefined => limits.get(client);

/**
 * Sends a command at a limited rate. One with a body waits for a turn before it is signed, since a signature holds for
 * 15 minutes: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
export async function sendPaced(
  command: Command,
  bandwidth: Bandwidth,
  signal: AbortSignal,
  send: () => Promise<object>,
): Promise<object> {
  const body = command.input.Body;
  if (body === undefined) return send();
  paces.set(command.input, { bandwidth, signal });
  // Turns of their own: bodies from memory hold what those from files wait for.
  const turns = body instanceof FileBody ? bandwidth.files : bandwidth.buffers;
  return turns.run(lengthOf(body), send, signal);
}

const lengthOf = (body: unknown): number =>
  body instanceof FileBody || body instanceof Uint8Array ? body.length : 0;

/** Lets the SDK's requests keep to the limit, too: each attempt sends its body in slices. Once for each client. */
export function paceBodies({ middlewareStack }: S3Client): void {
  middlewareStack.add(
    (next, context) => (args) => {
      context[PACE] = paces.get(args.input);
      return next(args);
    },
    { step: "initialize", priority: "high", name: "findPace", override: true },
  );
  // After the signature, and inside the SDK's retries, which have to see a body that can be sent again.
  middlewareStack.add(
    (next, context) => (args) => {
      const pace = context[PACE] as Pace | undefined;
      const request = args.request as { readonly body?: unknown };
      if (pace === undefined || !(request.body instanceof Uint8Array)) return next(args);
      const body = Readable.from(slicesOf(request.body, pace));
      // The request that it is piped to ends first, and says why.
      body.on("error", () => undefined);
      const slow = Object.assign(Object.create(Object.getPrototypeOf(request)), request, { body }) as object;
      return next({ ...args, request: slow });
    },
    { step: "deserialize", priority: "low", name: "paceBodies", override: true },
  );
}

async function* slicesOf(
  bytes: Uint8Array,
  { bandwidth, signal }: Pace,
): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += bandwidth.slice) {
    const slice = bytes.subarray(at, at + bandwidth.slice);
    await bandwidth.take(slice.length, signal);
    yield slice;
  }
}
