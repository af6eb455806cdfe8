import type { S3Client } from "@aws-sdk/client-s3";
import { type S3Clients, withStores } from "./clients.ts";
import { type Command, ofAnyOwner } from "./expected-owner.ts";
import { limitClient, limitOf } from "./paced-requests.ts";

/** The same clients, for sources that the user names: their requests expect no owner. */
export function clientsOfAnyOwner(clients: Omit<S3Clients, "store">): S3Clients {
  const made = new Map<S3Client, S3Client>();
  return withStores({
    anyOwner: true,
    of(region, stallTimeoutMs) {
      const client = clients.of(region, stallTimeoutMs);
      const own = made.get(client) ?? unbound(client);
      made.set(client, own);
      return own;
    },
  });
}

function unbound(client: S3Client): S3Client {
  const own = Object.create(client) as S3Client;
  const send = client.send.bind(client) as (command: Command, ...rest: unknown[]) => Promise<object>;
  own.send = ((command: Command, ...rest: unknown[]) =>
    send(ofAnyOwner(command), ...rest)) as unknown as S3Client["send"];
  const limit = limitOf(client);
  if (limit !== undefined) limitClient(own, limit);
  return own;
}
