import type { S3Client } from "@aws-sdk/client-s3";
import type { ObjectStore } from "./object-store.ts";
import { objectStoreOf } from "./requests.ts";
import { sdkSender } from "./sdk-sender.ts";

const stores = new WeakMap<S3Client, ObjectStore>();

/** The object store on a client, for functions that still take a client. */
export function storeOf(client: S3Client, region = ""): ObjectStore {
  const store = stores.get(client) ?? objectStoreOf(sdkSender(client, region));
  stores.set(client, store);
  return store;
}
