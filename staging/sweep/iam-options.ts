import { InputError } from "../errors.ts";
import { shown } from "../printable.ts";
import { MAX_MANAGED_POLICIES, parseIamAction, parseManagedPolicyArn } from "./iam-action.ts";

/** Permissions that a user grants the workers of a sweep in addition: `--iam-policy`, `--iam-managed-policies`. */

/**
 * Parses the values of `--iam-policy`: actions such as `s3:GetObject`, one or several, separated by commas.
 * Duplicates count once.
 * @throws InputError for an invalid action
 */
export const parseIamActions = (values: readonly string[]): readonly string[] =>
  itemsOf(values, "--iam-policy s3:GetObject").map((text) => {
    if (!text.startsWith("arn:")) return parseIamAction(text);
    throw new InputError(`${shown(text)} is not an action of IAM`, {
      why: "It is an ARN.",
      fix: `For a managed policy: --iam-managed-policies ${text}`,
    });
  });

/**
 * Parses the values of `--iam-managed-policies`: ARNs, separated by commas.
 * @throws InputError for an invalid ARN, and for too many
 */
export function parseManagedPolicies(values: readonly string[]): readonly string[] {
  const example = "--iam-managed-policies arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
  const arns = itemsOf(values, example).map(parseManagedPolicyArn);
  if (arns.length <= MAX_MANAGED_POLICIES) return arns;
  throw new InputError(`${arns.length} managed policies are too many`, {
    why: `A role has at most ${MAX_MANAGED_POLICIES}.`,
    fix: "Make one policy of several.",
  });
}

function itemsOf(values: readonly string[], example: string): readonly string[] {
  const items = values.flatMap((value) => value.split(",")).map((item) => item.trim());
  if (items.includes("")) throw new InputError("an item of a list is empty", { fix: example });
  return [...new Set(items)];
}
