// Loaded by a dynamic import when a command first needs it; the static one in here lets the bundler leave out the rest.
import { S3Client } from "@aws-sdk/client-s3";
import type { ClientConfig } from "../../connection/access.ts";
import { type ExpectedOwner, expectOwner } from "../../provider/store/expected-owner.ts";
import { tellWhyHeadsFail } from "../../provider/store/head-errors.ts";
import { followServerTime } from "../../provider/store/server-time.ts";

/**
 * Emulators and S3-compatible servers have no names of their own for buckets: the bucket goes into the path.
 * @param owner the account that must own the buckets. @default requests go to buckets of any owner
 */
export function makeS3Client(config: ClientConfig, owner?: ExpectedOwner): S3Client {
  const client = new S3Client({ ...config, forcePathStyle: config.endpoint !== undefined });
  followServerTime(client);
  tellWhyHeadsFail(client);
  if (owner !== undefined) expectOwner(client, owner);
  return client;
}
