import { InputError } from "./errors.ts";

declare const brand: unique symbol;

/** An AWS account ID: 12 digits, possibly with leading zeros. */
export type AccountId = string & { readonly [brand]: "AccountId" };

/** The maximum for the policy of an access point, which has at most 20 KB. */
export const MAX_SHARED_ACCOUNTS = 100;

const PATTERN = /^\d{12}$/;

/** An account ID in a JSON Schema. */
export const ACCOUNT_SHAPE = { type: "string", pattern: PATTERN.source } as const;

export const isAccountId = (text: string): text is AccountId => PATTERN.test(text);

/** The account in the ARN of a resource; undefined if it names none. */
export function accountOfArn(arn: unknown): AccountId | undefined {
  const account = typeof arn === "string" ? (arn.split(":")[4] ?? "") : "";
  return isAccountId(account) ? account : undefined;
}

/** @throws InputError if `text` is not an AWS account ID */
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
 * Parses the accounts that may read an entry: a comma-separated string or its items. Duplicates count once. The
 * owner's own account has no effect, because IAM controls access there.
 * @throws InputError if the list is empty, too long, or has an invalid account ID
 */
export function parseAccountList(value: string | readonly string[]): readonly AccountId[] {
  const texts = (typeof value === "string" ? value.split(",") : value).map((text) => text.trim());
  if (texts.every((text) => text === "")) {
    throw new InputError("no account given to share with", {
      fix: (spell) => spell("allowAccounts", ["123456789012"]),
    });
  }
  const accounts = [...new Set(texts.map(parseAccountId))];
  if (accounts.length > MAX_SHARED_ACCOUNTS) {
    throw new InputError(`${accounts.length} accounts are too many to share with`, {
      why: `The policy of an access point has at most 20 KB, which is room for ${MAX_SHARED_ACCOUNTS} accounts.`,
    });
  }
  return accounts;
}

/** The access of another account to an entry in one region. */
export interface AccessPoint {
  readonly arn: string;
  /** An alias that tools accept in place of a bucket's name. */
  readonly alias: string;
}
