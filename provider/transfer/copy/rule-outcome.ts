import { shellQuoted } from "../../../staging/shell.ts";
import { storeOf } from "../../store/store-of.ts";
import type { ObjectPlace } from "../verify/stored.ts";

/** What S3 says of an object that a rule was to replicate. */
export interface RuleOutcome {
  /** For all destinations together: PENDING, COMPLETED or FAILED. */
  readonly status: string | undefined;
  readonly encryption: string;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html */
export async function ruleOutcome(
  { client, bucket, key }: ObjectPlace,
  signal: AbortSignal,
): Promise<RuleOutcome> {
  const head = await storeOf(client).head({ bucket, key }, signal);
  return { status: head?.replication, encryption: head?.encryption ?? "" };
}

/**
 * Why a rule has brought nothing, as far as S3 tells of an object that carries the rule's tag.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html
 * @returns a sentence with what can be done
 */
export function whyNothingByRule({ bucket, key }: ObjectPlace, { status, encryption }: RuleOutcome): string {
  const look = `aws s3api head-object --bucket ${shellQuoted(bucket)} --key ${shellQuoted(key)} --query ReplicationStatus`;
  if (encryption.startsWith("aws:kms")) {
    return "They are encrypted with a KMS key, and the rule takes no such objects. With replication: copy no rule is tried.";
  }
  switch (status) {
    case "FAILED":
      return `S3 says that the rule failed: its role could not be taken, or may not do what it must. spawn environment up makes role and rules right. To look again later: ${look}`;
    case "PENDING":
      return `S3 had not come to them yet, and may still replicate them. To look: ${look}`;
    case undefined:
      return `S3 took none of them for the rule. To look at the rules: aws s3api get-bucket-replication --bucket ${shellQuoted(bucket)}`;
    default:
      return `S3 says ${status} of them by now. To look: ${look}`;
  }
}
