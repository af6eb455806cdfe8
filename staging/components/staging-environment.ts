import { string, strings } from "../schema/fields.ts";
import { declareComponent } from "../schema/resource.ts";
import { environment, environmentFields } from "./fields.ts";

export const stagingEnvironmentComponent = declareComponent({
  token: "staging:index:StagingEnvironment",
  type: "spawn:index:StagingEnvironment",
  description:
    "The resources that staging entries share: a bucket in each region with lifecycle and replication rules, the replication role, and the tables.",
  inputs: environmentFields,
  outputs: {
    environment,
    accountId: string({ description: "The AWS account of the environment.", required: true }),
    writableAt: strings({
      description: "The time from which each region's bucket is writable (ISO 8601, UTC).",
      required: true,
    }),
    replicationRole: string({
      description: "The ARN of the replication role, if there are several regions.",
    }),
  },
});
