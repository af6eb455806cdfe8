// Loaded by a dynamic import when a command first needs it; the static one in here lets the bundler leave out the rest.
import { S3ControlClient, type S3ControlClientConfig } from "@aws-sdk/client-s3-control";
import type { ClientConfig } from "../../connection/access.ts";
import { followServerTime } from "../../provider/store/server-time.ts";

/** AWS expects the account in the host name. Emulators have one address; they read the header `x-amz-account-id`, which is also sent. */
export function makeS3ControlClient(settings: ClientConfig): S3ControlClient {
  const { endpoint } = settings;
  if (endpoint === undefined) return following(new S3ControlClient(settings));
  const config: S3ControlClientConfig & { endpointProvider: () => { url: URL } } = {
    ...settings,
    disableHostPrefix: true,
    endpointProvider: () => ({ url: new URL(endpoint) }),
  };
  return following(new S3ControlClient(config));
}

function following(client: S3ControlClient): S3ControlClient {
  followServerTime(client);
  return client;
}
