// Loaded by a dynamic import when a command first needs it; the static one in here lets the bundler leave out the rest.
import { S3Client } from "@aws-sdk/client-s3";
import { tellWhyHeadsFail } from "../../provider/transfer/head-errors.ts";
import { takeLateCommands } from "../../provider/transfer/late-command.ts";
import { followServerTime } from "../../provider/transfer/server-time.ts";
import type { ClientConfig } from "../context.ts";

/** Emulators and S3-compatible servers have no names of their own for buckets: the bucket goes into the path. */
export function makeS3Client(config: ClientConfig): S3Client {
  const client = new S3Client({ ...config, forcePathStyle: config.endpoint !== undefined });
  followServerTime(client);
  tellWhyHeadsFail(client);
  takeLateCommands(client);
  return client;
}
