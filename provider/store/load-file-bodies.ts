import type { S3Client } from "@aws-sdk/client-s3";
import { FileBody } from "./file-body.ts";
import { made } from "./late-command.ts";

interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

const NEVER = new AbortController().signal;

/** Lets the SDK send sections of files: it gets them in memory, since its retries cannot read again what they have sent. */
export function loadFileBodies(client: S3Client): void {
  const sendMade = client.send.bind(client) as (command: object, options: SendOptions) => Promise<object>;
  const sendBySdk = (command: object, options: SendOptions) => sendMade(made(command), options);
  const send = async (command: object, options: SendOptions = {}): Promise<object> => {
    const { input } = command as { readonly input: { Body?: unknown } };
    const body = input.Body;
    if (!(body instanceof FileBody)) return sendBySdk(command, options);
    const loaded = await body.load(options.abortSignal ?? NEVER);
    try {
      input.Body = loaded.bytes;
      return await sendBySdk(command, options);
    } finally {
      input.Body = body;
      loaded.release();
    }
  };
  client.send = send as S3Client["send"];
}
