import type { S3Client } from "@aws-sdk/client-s3";
import type { ObjectStore } from "./object-store.ts";
import type { RequestSender } from "./operations.ts";
import { objectStoreOf } from "./requests.ts";
import { sdkSender } from "./sdk-sender.ts";

const senders = new WeakMap<S3Client, RequestSender>();
const stores = new WeakMap<S3Client, ObjectStore>();

/** Makes a sender that of a client's object store. */
export function useSender(client: S3Client, sender: RequestSender): void {
  senders.set(client, sender);
}

/** What sends the requests of a client's object store. @default the client itself */
export function senderOf(client: S3Client, region = ""): RequestSender {
  const sender = senders.get(client) ?? sdkSender(client, region);
  senders.set(client, sender);
  return sender;
}

/** The object store on a client, for functions that still take a client. */
export function storeOf(client: S3Client, region = ""): ObjectStore {
  const store = stores.get(client) ?? objectStoreOf(senderOf(client, region));
  stores.set(client, store);
  return store;
}
