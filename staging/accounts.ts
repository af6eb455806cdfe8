import { InputError } from "./errors.ts";

declare const brand: unique symbol;

/** The number of an AWS account: 12 digits, of which the first may be zeros. */
export type AccountId = string & { readonly [brand]: "AccountId" };

/** So many fit into the policy of an access point, which has at most 20 KB. */
export const MAX_SHARED_ACCOUNTS = 100;

const PATTERN = /^\d{12}$/;

export const isAccountId = (text: string): text is AccountId => PATTERN.test(text);

/** The account in the ARN of a resource; undefined where it names none. */
export function accountOfArn(arn: unknown): AccountId | undefined {
  const account = typeof arn === "string" ? (arn.split(":")[4] ?? "") : "";
  return isAccountId(account) ? account : undefined;
}

/** @throws InputError unless `text` is the number of an AWS account. */
export function parseAccountId(text: string): AccountId {
  if (!PATTERN.test(text)) {
    const hyphened = text.replaceAll("-", "");
    throw new InputError(`"${text}" is not the ID of an AWS account`, {
      why: "It has 12 digits, leading zeros included (in YAML: in quotes), as aws sts get-caller-identity shows it.",
      ...(PATTERN.test(hyphened) ? { fix: `Use ${hyphened}.` } : {}),
    });
  }
  return text as AccountId;
}

/**
 * Parses the accounts that may read an entry; a comma-separated string or its items. One that is named twice counts once.
 * The owner's own account may be among them and changes nothing: there IAM says who may read.
 * @throws InputError when the list is empty, too long, or holds what is no account ID
 */
export function parseAccountList(value: string | readonly string[]): readonly AccountId[] {
  const texts = (typeof value === "string" ? value.split(",") : value).map((text) => text.trim());
  if (texts.every((text) => text === "")) {
    throw new InputError("no account given to share with", { fix: "--allow-accounts 123456789012" });
  }
  const accounts = [...new Set(texts.map(parseAccountId))];
  if (accounts.length > MAX_SHARED_ACCOUNTS) {
    throw new InputError(`${accounts.length} accounts are too many to share with`, {
      why: `The policy of an access point has at most 20 KB, which is room for ${MAX_SHARED_ACCOUNTS} accounts.`,
    });
  }
  return accounts;
}

/** How another account reads an entry in one region. */
export interface AccessPoint {
  readonly arn: string;
  /** A name that tools take in place of a bucket's. */
  readonly alias: string;
}
