import { type AccountId, isAccountId, parseAccountId } from "./accounts.ts";
import { InputError } from "./errors.ts";

/**
 * Accounts that read by a bucket's name, as in the guide. The bucket's policy has one statement for all entries: it
 * allows the accounts of `spawn:readers` to read an object whose tag names them. So the policy does not grow with the
 * entries.
 */

/** The maximum for the policy of a bucket, which has at most 20 KB and names each account twice. */
export const MAX_READERS = 200;

/** @throws InputError if there are too many, or one is not an account ID */
export function parseReaders(texts: readonly string[]): readonly AccountId[] {
  const accounts = [...new Set(texts.map((text) => parseAccountId(text.trim())))].sort();
  if (accounts.length <= MAX_READERS) return accounts;
  throw new InputError(`${accounts.length} accounts are too many to read by a bucket's name`, {
    why: `The policy of a bucket has at most 20 KB, which is room for ${MAX_READERS} accounts. Other accounts read through access points.`,
  });
}

/**
 * The value of a tag has at most 256 characters: 12 per account, and a separator.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
 */
export const MAX_TAGGED_READERS = 19;

/**
 * The accounts of an entry that its objects' tag names.
 * @param allowed all accounts that may read the entry
 * @param readers those of `spawn:readers`
 */
export const bucketReaders = (
  allowed: readonly AccountId[],
  readers: readonly AccountId[],
): readonly AccountId[] =>
  allowed
    .filter((account) => readers.includes(account))
    .slice(0, MAX_TAGGED_READERS)
    .sort();

/** A separator that is valid in a tag and not in an account ID, so no ID matches across two accounts. */
const SEPARATOR = "/";

/** The value of the tag; undefined if no account needs the tag. */
export const readersTagOf = (accounts: readonly AccountId[]): string | undefined =>
  accounts.length === 0 ? undefined : accounts.join(SEPARATOR);

/** @throws InputError if `text` is neither a value of {@link readersTagOf} nor empty */
export function parseReadersTag(text: string): readonly AccountId[] {
  const accounts = text === "" ? [] : text.split(SEPARATOR);
  if (accounts.length <= MAX_TAGGED_READERS && accounts.every(isAccountId)) return accounts;
  throw new InputError(`"${text}" does not name the accounts of readers`);
}
