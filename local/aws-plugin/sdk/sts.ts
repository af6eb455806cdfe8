import { STSClient } from "@aws-sdk/client-sts";
import { clientOf } from "./call.ts";

export const sts = clientOf((settings) => new STSClient(settings));
