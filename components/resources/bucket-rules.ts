import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import {
  BUCKET_RULES,
  type BucketRule,
  type BucketRulesInputs,
  type RuleKind,
} from "../../staging/resources.ts";
import type { ProgramArgs, ProgramOutputs } from "./properties.ts";

/** spawn's rules in one configuration of an adopted bucket. The properties are those of {@link BucketRulesInputs}. */
export class BucketRules extends CustomResource implements ProgramOutputs<BucketRulesInputs> {
  declare readonly region: Output<string>;
  declare readonly bucket: Output<string>;
  declare readonly kind: Output<RuleKind>;
  declare readonly rules: Output<BucketRule[]>;
  declare readonly role: Output<string>;

  constructor(name: string, args: ProgramArgs<BucketRulesInputs>, options?: CustomResourceOptions) {
    super(BUCKET_RULES, name, { ...args }, options);
  }
}
