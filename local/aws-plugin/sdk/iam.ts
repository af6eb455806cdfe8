import { IAMClient } from "@aws-sdk/client-iam";
import { clientOf } from "./call.ts";

export const iam = clientOf((settings) => new IAMClient(settings));
