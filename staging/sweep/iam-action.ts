import { InputError } from "../errors.ts";
import { shown } from "../printable.ts";

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html */
const ACTION = /^[a-z0-9-]{1,64}:[A-Za-z0-9*?]{1,128}$/;

const POLICY_ARN = /^arn:aws:iam::(aws|\d{12}):policy\/[\x21-\x7e]{1,512}$/;

/**
 * The limit of managed policies per role, unless the account has a higher quota:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const MAX_MANAGED_POLICIES = 10;

/** @throws InputError if `text` does not name an action of a service, or several by wildcards */
export function parseIamAction(text: string): string {
  if (ACTION.test(text)) return text;
  throw new InputError(`${shown(text)} is not an action of IAM`, {
    why: "It is SERVICE:ACTION, such as s3:GetObject or s3:Get*.",
  });
}

/** @throws InputError if `text` is not the ARN of a managed policy */
export function parseManagedPolicyArn(text: string): string {
  if (POLICY_ARN.test(text)) return text;
  throw new InputError(`${shown(text)} is not the ARN of a managed policy`, {
    why: "It is one such as arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess.",
    fix: "aws iam list-policies --query 'Policies[].Arn'",
  });
}
