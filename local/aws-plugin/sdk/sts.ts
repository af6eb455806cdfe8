import { STSClient } from "@aws-sdk/client-sts";
import { clientOf } from "./call.ts";

export const sts = clientOf("STS", (settings) => new STSClient(settings));
