import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { type ExpectedOwner, expectOwner } from "./expected-owner.ts";
import { tellWhyHeadsFail } from "./head-errors.ts";
import type { ObjectStore } from "./object-store.ts";
import { objectStoreOf } from "./requests.ts";
import type { SdkClient } from "./sdk-client.ts";
import { sdkSender } from "./sdk-sender.ts";
import { followServerTime } from "./server-time.ts";

interface ClientHooks {
  /** The account that must own the buckets. Every request names it. @default requests go to buckets of any account */
  readonly owner?: ExpectedOwner | undefined;
}

/** Creates the SDK's client for S3, for the command line and the provider. They differ only in timeouts and retries. */
export function createS3Client(config: S3ClientConfig, { owner }: ClientHooks = {}): S3Client {
  // Emulators and other S3 servers have no host name for each bucket, so the path names the bucket.
  const client = new S3Client({ forcePathStyle: config.endpoint !== undefined, ...config });
  followServerTime(client);
  if (owner !== undefined) expectOwner(client, owner);
  addHeader(client, "x-amz-content-sha256", unsignedPayload);
  tellWhyHeadsFail(client);
  addHeader(client, "expires", unchangedExpires);
  return client;
}

/** An object store that sends every request through the SDK. */
export const sdkStore = (client: SdkClient, region: string): ObjectStore =>
  objectStoreOf(sdkSender(client, region));

const UPLOADS: ReadonlySet<string> = new Set(["PutObjectCommand", "UploadPartCommand"]);

/**
 * Signs uploads without a SHA-256 of their bytes: each carries a checksum that S3 verifies, and a second hash would cost more CPU
 * than the transfer. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
const unsignedPayload = (command = ""): string | undefined =>
  UPLOADS.has(command) ? "UNSIGNED-PAYLOAD" : undefined;

/** Sends the text of an `Expires` header unchanged: the SDK accepts only times, and S3 stores any text. */
const unchangedExpires = (_command: string | undefined, input: object): string | undefined =>
  (input as { ExpiresString?: string }).ExpiresString;

/** Sets a header of each request for which `textFor` returns a value. */
function addHeader(
  { middlewareStack }: S3Client,
  header: string,
  textFor: (command: string | undefined, input: object) => string | undefined,
): void {
  middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const value = textFor(commandName, args.input);
        if (value !== undefined)
          (args.request as { headers: Record<string, string> }).headers[header] = value;
        return next(args);
      },
    { step: "build", name: `addHeader ${header}` },
  );
}
