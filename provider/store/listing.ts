import type { S3Client } from "@aws-sdk/client-s3";
import type { ListedObject } from "./object-store.ts";
import type { Billed } from "./request-payer.ts";
import { storeOf } from "./store-of.ts";

export type { ListedObject } from "./object-store.ts";

export interface ListOptions {
  /** Looks whether archived objects have been restored, where the server tells. */
  readonly restores?: boolean;
}

/** Whether the object was made from parts: its ETag then ends in their number. */
export const isInParts = ({ etag }: Pick<ListedObject, "etag">): boolean => /-\d+"?$/.test(etag);

/** The current objects whose key starts with `prefix`, in the order of their keys' bytes. */
export const listObjects = (
  client: S3Client,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
  options: ListOptions & Billed = {},
): AsyncIterable<ListedObject> => storeOf(client).listObjects({ bucket, prefix, ...options }, signal);
