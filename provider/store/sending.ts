import type { S3Client } from "@aws-sdk/client-s3";
import { DEFAULT_TIMEOUT_SECONDS } from "../../staging/timeout.ts";
import { type Bandwidth, SHORTEST_STALL_MS } from "../transfer/flow/bandwidth.ts";
import { type S3Clients, withStores } from "./clients.ts";
import { NoAnswerError, noteRegion } from "./no-answer.ts";
import { limitClient, paceBodies, sendPaced } from "./paced-requests.ts";
import { type AttemptWatch, RequestWatch } from "./request-watch.ts";
import { pause } from "./retry.ts";
import { stallTimeoutFor } from "./stall-timeout.ts";

/** How long a request is gone on with, and who hears of its trouble. */
export interface SendPolicy {
  /** Seconds for which S3 may leave a request without an answer, retries included. */
  readonly timeoutSeconds?: number | undefined;
  /** The limit that requests with bodies keep to. */
  readonly bandwidth?: Bandwidth | undefined;
  /** Called when a request has been sent again and again for some seconds. */
  onTrouble?(region: string, reason: string): void;
}

/** Milliseconds before a request is sent once more that the SDK has given up. */
const AGAIN_AFTER_MS = 500;

/**
 * Clients whose requests last as long as the policy says: not longer where nothing answers, though the SDK would ask
 * again, and not shorter where the SDK has asked often enough. What S3 does answer, errors too, is left to the SDK.
 * Their requests fail with {@link NoAnswerError} when the time is over.
 */
export function clientsWith(clients: Omit<S3Clients, "store">, policy: SendPolicy): S3Clients {
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, bandwidth } = policy;
  const timeoutMs = timeoutSeconds * 1000;
  // Where bytes wait for their turn, a silent connection is no stall yet.
  const stallMs = Math.max(stallTimeoutFor(timeoutSeconds), bandwidth === undefined ? 0 : SHORTEST_STALL_MS);
  const made = new Map<string, S3Client>();
  return withStores({
    ...(clients.anyOwner === true ? { anyOwner: true } : {}),
    of(region) {
      const client = made.get(region) ?? watched(clients.of(region, stallMs), region);
      made.set(region, client);
      return client;
    },
  });

  function watched(client: S3Client, region: string): S3Client {
    watchAttempts(client);
    const own = Object.create(client) as S3Client;
    own.send = ((command: Command, options: SendOptions = {}) => {
      const onTrouble = (reason: string) => policy.onTrouble?.(region, reason);
      const watch = new RequestWatch({ region, timeoutMs, stallMs, onTrouble });
      if (bandwidth === undefined) return send(client, command, options, watch, region);
      const paced = { ...options, bandwidth };
      return sendPaced(command, bandwidth, options.abortSignal ?? NEVER, () =>
        send(client, command, paced, watch, region),
      );
    }) as S3Client["send"];
    if (bandwidth !== undefined) {
      paceBodies(client);
      limitClient(own, bandwidth);
    }
    return own;
  }
}

interface SendOptions {
  readonly abortSignal?: AbortSignal;
  readonly bandwidth?: Bandwidth;
}

/** A command of the SDK, as far as every one is the same. */
interface Command {
  readonly input: object;
}

/** Who is told of the attempts at a command, by its input. */
const watches = new WeakMap<object, AttemptWatch>();
const WATCHED = "watchedBy";

/** Lets the SDK tell of each attempt. Once for each client, since a middleware for each command costs more than its signature. */
function watchAttempts({ middlewareStack }: S3Client): void {
  middlewareStack.add(
    (next, context) => (args) => {
      context[WATCHED] = watches.get(args.input);
      return next(args);
    },
    { step: "initialize", priority: "high", name: "findWatch", override: true },
  );
  // Inside the SDK's retries.
  middlewareStack.add(
    (next, context) => (args) => {
      const watch = context[WATCHED] as AttemptWatch | undefined;
      return watch === undefined ? next(args) : watch.attempt(() => next(args));
    },
    { step: "finalizeRequest", priority: "low", name: "watchAttempts", override: true },
  );
}

type Send = (command: Command, options: SendOptions & { readonly watch: AttemptWatch }) => Promise<object>;

async function send(
  client: S3Client,
  command: Command,
  options: SendOptions,
  watch: RequestWatch,
  region: string,
): Promise<object> {
  watches.set(command.input, watch);
  const sendOnce = client.send.bind(client) as unknown as Send;
  try {
    for (let sends = 1; ; sends += 1) {
      try {
        return await sendOnce(command, { ...options, watch });
      } catch (error) {
        noteRegion(error, region);
        if (options.abortSignal?.aborted || !watch.isWorthAnother(error)) throw countedFrom(error, sends);
      }
      await pause(AGAIN_AFTER_MS * (0.5 + Math.random() / 2), options.abortSignal ?? NEVER);
    }
  } finally {
    watch.end();
  }
}

const NEVER = new AbortController().signal;

/** The error, which tells that the request was sent before: its answer may have been lost. */
function countedFrom(error: unknown, sends: number): unknown {
  const { $metadata } = error as { $metadata?: { attempts?: number } };
  if (sends > 1 && $metadata !== undefined) $metadata.attempts = ($metadata.attempts ?? 1) + sends - 1;
  return error;
}
