// Loaded by a dynamic import when a command first needs it; the static one in here lets the bundler leave out the rest.
import { IAMClient } from "@aws-sdk/client-iam";
import type { ClientConfig } from "../../connection/access.ts";

export const makeIamClient = (config: ClientConfig): IAMClient => new IAMClient(config);
