import { IAMClient } from "@aws-sdk/client-iam";
import { clientOf } from "./call.ts";

export const iam = clientOf("IAM", (settings) => new IAMClient(settings));
