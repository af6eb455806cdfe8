import { S3ControlClient, type S3ControlClientConfig } from "@aws-sdk/client-s3-control";
import { clientOf } from "./call.ts";

/**
 * The real service has the account ID in its host name, which no emulator's address can have. The header
 * `x-amz-account-id`, also sent, has the same value.
 */
export const s3Control = clientOf("S3_CONTROL", (settings) => {
  const config: S3ControlClientConfig & { endpointProvider: () => { url: URL } } = {
    ...settings,
    disableHostPrefix: true,
    endpointProvider: () => ({ url: new URL(settings.endpoint) }),
  };
  return new S3ControlClient(config);
});
