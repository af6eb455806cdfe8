// Loaded by a dynamic import when a command first needs it; the static one in here lets the bundler leave out the rest.
import { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import type { ClientConfig } from "../../connection/access.ts";

export const makeServiceQuotasClient = (config: ClientConfig): ServiceQuotasClient =>
  new ServiceQuotasClient(config);
