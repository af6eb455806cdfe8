import type { CommandText, Spelling } from "../../staging/option.ts";
import { shellQuoted } from "../../staging/shell.ts";
import type { ObjectPlace } from "../store/stored-object.ts";

/** The replication status of an object that a rule should replicate. */
interface RuleOutcome {
  /** One status for all destinations: PENDING, COMPLETED or FAILED. */
  readonly status: string | undefined;
  readonly encryption: string;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html */
export async function ruleOutcome(
  { store, bucket, key }: ObjectPlace,
  signal: AbortSignal,
): Promise<RuleOutcome> {
  const head = await store.head({ bucket, key }, signal);
  return { status: head?.replication, encryption: head?.encryption ?? "" };
}

/**
 * Why a rule replicated nothing, derived from the status of one object with the rule's tag.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html
 * @returns text for the user, with the next step
 */
export function explainRuleFailure(
  { bucket, key }: ObjectPlace,
  { status, encryption }: RuleOutcome,
  spell: Spelling,
  command: CommandText,
): string {
  const headCommand = `aws s3api head-object --bucket ${shellQuoted(bucket)} --key ${shellQuoted(key)} --query ReplicationStatus`;
  if (encryption.startsWith("aws:kms")) {
    return `They are encrypted with a KMS key, and the rule does not replicate such objects. spawn tries no rule with ${spell("replication", "copy")}.`;
  }
  switch (status) {
    case "FAILED":
      return `S3 reports that the rule failed: S3 cannot assume its role, or the role lacks a permission. To repair role and rules: ${command("spawn environment up")}. To check again later: ${headCommand}`;
    case "PENDING":
      return `S3 has not processed them yet, and may still replicate them. To check: ${headCommand}`;
    case undefined:
      return `S3 applied no rule to them. To see the rules: aws s3api get-bucket-replication --bucket ${shellQuoted(bucket)}`;
    default:
      return `S3 now reports ${status}. To check: ${headCommand}`;
  }
}
