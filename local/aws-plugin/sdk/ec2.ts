import { EC2Client } from "@aws-sdk/client-ec2";
import { clientOf } from "./call.ts";

export const ec2 = clientOf("EC2", (settings) => new EC2Client(settings));
