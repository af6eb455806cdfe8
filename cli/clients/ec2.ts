// Loaded by a dynamic import when a command first needs it; the static one in here lets the bundler leave out the rest.
import { EC2Client } from "@aws-sdk/client-ec2";
import type { ClientConfig } from "../../connection/access.ts";

export const makeEc2Client = (config: ClientConfig): EC2Client => new EC2Client(config);
