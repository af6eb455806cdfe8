import { choice, json, list, string } from "../schema/fields.ts";
import { declareResource, type InputsOfResource, type OutputsOfResource } from "../schema/resource.ts";
import { fixedName, region } from "./fields.ts";
import { BUCKET_RULES } from "./tokens.ts";

/** Configurations of which a bucket has one, written whole. */
export const RULE_KINDS = ["lifecycle", "replication", "policy"] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

/** A lifecycle rule, a replication rule or a statement of a policy, as S3's API has it. */
export type BucketRule = Readonly<Record<string, unknown>>;

export const bucketRulesResource = declareResource({
  token: BUCKET_RULES,
  description:
    "Rules of spawn in one configuration of a bucket of the user's own. They are added to the user's rules, and deletion removes only them.",
  inputs: {
    region: region("The bucket's region."),
    bucket: fixedName("The bucket."),
    kind: choice(RULE_KINDS, { description: "The configuration.", required: true, replaces: true }),
    rules: list(json<BucketRule>(), {
      description:
        "The rules or policy statements of spawn, as S3's API has them. The user's are not among them.",
      required: true,
    }),
    role: string({ description: "The ARN of the role that S3 replicates with; for `replication` only." }),
  },
  outputs: {
    before: string({
      description:
        "What restores the form of the user's own rules at deletion, where adding rules made another form necessary.",
    }),
  },
});

export type BucketRulesInputs = InputsOfResource<typeof bucketRulesResource>;
export type BucketRulesOutputs = OutputsOfResource<typeof bucketRulesResource>;
