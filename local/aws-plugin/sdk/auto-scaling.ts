import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { clientOf } from "./call.ts";

export const autoScaling = clientOf("AUTO_SCALING", (settings) => new AutoScalingClient(settings));
