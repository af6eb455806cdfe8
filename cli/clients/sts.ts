// Loaded by a dynamic import when a command first needs it; the static one in here lets the bundler leave out the rest.
import { STSClient } from "@aws-sdk/client-sts";
import type { ClientConfig } from "../../connection/access.ts";

export const makeStsClient = (config: ClientConfig): STSClient => new STSClient(config);
