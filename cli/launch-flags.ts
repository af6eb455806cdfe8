import { Flags } from "@oclif/core";
import { PRICE_BOOK_NAMES } from "../staging/price-book.ts";
import { configured, yesFlag } from "./flags.ts";

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
    multiple: true,
    multipleNonGreedy: true,
  }),
  "stage-account": Flags.string({
    summary: "AWS account that staged the data, if it is another one.",
    description:
      "The tables of that account are not read. The data are found by their manifest, in the bucket spawn-staging-REGION of each region or by the access point of the entry; --stage-bucket names others. In that account spawn stage info prints the whole command.",
    helpValue: "ACCOUNT",
  }),
  "stage-bucket": Flags.string({
    summary:
      "Where --stage-account has the data in a region: a bucket, or the alias or ARN of an access point; repeatable, also for one region.",
    helpValue: "REGION=BUCKET",
    multiple: true,
    multipleNonGreedy: true,
    dependsOn: ["stage-account"],
  }),
  "stage-dest": Flags.string({
    summary: "Where workers find an entry of --stage-account, if not at /mnt/data/NAME; repeatable.",
    helpValue: "ID=PATH",
    multiple: true,
    multipleNonGreedy: true,
    dependsOn: ["stage-account"],
  }),
  spot: Flags.boolean({
    summary: "Run the workers on spot instances. An interrupted index runs again.",
    default: false,
  }),
  "instance-type": Flags.string({
    summary: "Instance type of the workers. Replaces instance_type and instance_types of the file.",
    helpValue: "TYPE",
  }),
  "iam-policy": Flags.string({
    summary: "Action that the workers may use on all resources, such as s3:GetObject; repeatable.",
    helpValue: "ACTION",
    multiple: true,
    multipleNonGreedy: true,
  }),
  "iam-managed-policies": Flags.string({
    summary: "ARNs of managed policies for the workers, separated by commas; repeatable.",
    helpValue: "ARNS",
    multiple: true,
    multipleNonGreedy: true,
  }),
  prices: Flags.option({
    options: PRICE_BOOK_NAMES,
    summary: "Prices for the savings against direct downloads: the guide's, or AWS's list prices.",
    ...configured("prices"),
    helpValue: PRICE_BOOK_NAMES.join("|"),
  })(),
  "dry-run": Flags.boolean({
    summary: "Check everything and show the plan. Nothing starts.",
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
    summary: "Go on with a launch that failed or was interrupted.",
    helpValue: "ID",
  }),
  yes: yesFlag,
};
