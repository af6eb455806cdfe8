import { Readable } from "node:stream";
import type {
  $Command,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from "@aws-sdk/client-s3";
import { NEVER, type SendOptions } from "./operations.ts";

/** A command of the SDK. */
export type S3Command<I extends ServiceInputTypes, O extends ServiceOutputTypes> = $Command<
  I,
  O,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;

/** Sends the SDK's commands, such as those for the settings of buckets. The SDK's own client implements it. */
export interface SdkClient {
  send<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: S3Command<I, O>,
    options?: { readonly abortSignal?: AbortSignal },
  ): Promise<O>;
}

/** The expected owners that a request omits. */
export interface OwnerFlags {
  /** Whether the bucket may belong to any account. */
  readonly toAnyOwner?: boolean | undefined;
  /** Whether the bucket that a copy reads may belong to any account. */
  readonly fromAnyOwner?: boolean | undefined;
}

/** Sets the expected owners that `expectOwner` omits. The flags belong to the command, so concurrent requests do not share them. */
export function withOwnerFlags<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
  command: S3Command<I, O>,
  flags: OwnerFlags,
): S3Command<I, O> {
  command.middlewareStack.add(
    (next, context) => (args) => {
      Object.assign(context, flags);
      return next(args);
    },
    { step: "initialize", priority: "high", name: "ownerFlags", override: true },
  );
  return command;
}

/** Applies the settings of one request to its command. */
export function withSettings<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
  command: S3Command<I, O>,
  { bandwidth, anyOwner, signal = NEVER }: SendOptions,
): S3Command<I, O> {
  const { middlewareStack } = command;
  if (anyOwner === true) withOwnerFlags(command, { toAnyOwner: true });
  if (bandwidth !== undefined) {
    // After the signature and the SDK's checks, which need the bytes.
    middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body?: unknown };
        if (request.body instanceof Uint8Array) {
          const body = Readable.from(bandwidth.paced([request.body], signal));
          // The request that reads this stream ends first, and reports the reason.
          body.on("error", () => undefined);
          request.body = body;
        }
        return next(args);
      },
      { step: "deserialize", priority: "low", name: "paceBodies", override: true },
    );
  }
  return command;
}
