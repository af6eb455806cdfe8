// Loaded by a dynamic import when a command first needs it; the static one in here lets the bundler leave out the rest.
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import type { ClientConfig } from "../../connection/access.ts";

export const makeAutoScalingClient = (config: ClientConfig): AutoScalingClient =>
  new AutoScalingClient(config);
