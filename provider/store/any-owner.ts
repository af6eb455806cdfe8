import type { S3Client } from "@aws-sdk/client-s3";
import { type S3Clients, withStores } from "./clients.ts";
import type { RequestSender } from "./operations.ts";
import { withSettings } from "./sdk-attempts.ts";
import { clientThat } from "./sending.ts";
import { senderOf, useSender } from "./store-of.ts";

/** The same clients, for sources that the user names: their requests expect no owner. */
export function clientsOfAnyOwner(clients: Omit<S3Clients, "store">): S3Clients {
  const made = new Map<S3Client, S3Client>();
  return withStores({
    anyOwner: true,
    of(region, stallTimeoutMs) {
      const client = clients.of(region, stallTimeoutMs);
      const own = made.get(client) ?? unbound(client, region);
      made.set(client, own);
      return own;
    },
  });
}

function unbound(client: S3Client, region: string): S3Client {
  const own = clientThat(client, (send) => withSettings({ anyOwner: true }, send));
  useSender(own, toAnyOwner(senderOf(client, region)));
  return own;
}

const toAnyOwner = (next: RequestSender): RequestSender => ({
  region: next.region,
  bandwidth: next.bandwidth,
  send: (operation, input, options) => next.send(operation, input, { ...options, anyOwner: true }),
});
