import { Flags } from "@oclif/core";
import { pricesFlag, REPEATABLE, yesFlag } from "./flags.ts";

/** The flags of `spawn launch`. */
export const launchFlags = {
  params: Flags.string({
    summary: "Parameter file of the sweep, YAML or JSON. - reads it from the standard input.",
    helpValue: "FILE",
    exactlyOne: ["params", "resume"],
  }),
  "stage-id": Flags.string({
    summary:
      "Staged data that each worker downloads; repeatable. Replaces stage_id and stage_ids of the file.",
    helpValue: "ID",
    ...REPEATABLE,
  }),
  "stage-account": Flags.string({
    summary: "AWS account that staged the data, if it is not yours.",
    description:
      "The command does not read the tables of that account. It finds the data by their manifest, in the bucket spawn-staging-REGION of each region or through the entry's access point; --stage-bucket overrides the location. In that account spawn stage info prints the whole command.",
    helpValue: "ACCOUNT",
  }),
  "stage-bucket": Flags.string({
    summary:
      "Location of the data of --stage-account in a region: a bucket, or the alias or ARN of an access point; repeatable, also for one region.",
    helpValue: "REGION=BUCKET",
    ...REPEATABLE,
    dependsOn: ["stage-account"],
  }),
  "stage-dest": Flags.string({
    summary: "Path on workers of an entry of --stage-account. Default: /mnt/data/NAME; repeatable.",
    helpValue: "ID=PATH",
    ...REPEATABLE,
    dependsOn: ["stage-account"],
  }),
  spot: Flags.boolean({
    summary: "Run the workers on spot instances. An interrupted index is retried.",
    default: false,
  }),
  "instance-type": Flags.string({
    summary: "Instance type of the workers. Replaces instance_type and instance_types of the file.",
    helpValue: "TYPE",
  }),
  "iam-policy": Flags.string({
    summary: "Action that the workers may use on all resources, such as s3:GetObject; repeatable.",
    helpValue: "ACTION",
    ...REPEATABLE,
  }),
  "iam-managed-policies": Flags.string({
    summary: "ARNs of managed policies for the workers, separated by commas; repeatable.",
    helpValue: "ARNS",
    ...REPEATABLE,
  }),
  prices: pricesFlag({
    summary: "Price book for the savings over direct downloads: the guide's prices, or AWS's list prices.",
  }),
  "dry-run": Flags.boolean({
    summary: "Check everything and show the plan, without starting.",
    default: false,
    exclusive: ["resume", "wait"],
  }),
  wait: Flags.boolean({
    summary: "Follow the sweep until it ends, also in a pipe.",
    default: false,
    exclusive: ["detach"],
  }),
  detach: Flags.boolean({ summary: "Return as soon as the sweep has started.", default: false }),
  resume: Flags.string({
    summary: "Resume a failed or interrupted launch.",
    helpValue: "ID",
  }),
  yes: yesFlag,
};
