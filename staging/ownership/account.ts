import type { AccountId } from "../accounts.ts";
import { type EnvironmentSettings, settingsFileName } from "../environment.ts";
import { InputError } from "../errors.ts";
import type { Region } from "../regions.ts";
import type { BucketFact } from "../resources/environment-facts.ts";
import { bucketKey, type Held } from "./names.ts";

/**
 * An environment is in one account: that of its tables, which AWS looks up in the account of the credentials. Its
 * buckets must be in the same account. Bucket names are global, so another account can own a bucket with a name of
 * the environment.
 */

/**
 * @param used the account of the credentials in use; undefined if the server has no accounts
 * @param held resources in the stack's state, if it was read
 * @throws InputError if the environment is in another account
 */
export function refuseOtherAccount(
  settings: EnvironmentSettings,
  used: AccountId | undefined,
  held?: Pick<Held, "account">,
): void {
  if (used === undefined) return;
  const file = settingsFileName(settings.name);
  if (settings.account !== undefined && settings.account !== used) {
    throw otherAccount(settings, settings.account, used, `spawn:account in ${file} names the account.`);
  }
  // Another emulator has another account, and no data to lose.
  const known = settings.cloud === "aws" ? held?.account : undefined;
  if (known !== undefined && known !== used) {
    throw otherAccount(settings, known, used, "The tables in its stack's state are in that account.");
  }
}

function otherAccount(
  { name }: EnvironmentSettings,
  theirs: AccountId,
  used: AccountId,
  why: string,
): InputError {
  return new InputError(
    `the environment ${name} is in account ${theirs}, your credentials are of account ${used}`,
    {
      why: `${why} Nothing was changed.`,
      fix: `Use credentials of account ${theirs}: export AWS_PROFILE=NAME. To see the account in use: aws sts get-caller-identity`,
    },
  );
}

/**
 * @param used the account of the credentials in use
 * @throws InputError that names the key if the bucket belongs to another account
 */
export function refuseForeignBucket(
  settings: EnvironmentSettings,
  { name, region, state }: Pick<BucketFact, "name" | "region" | "state">,
  used: AccountId | undefined,
): void {
  if (state !== "foreign") return;
  const key = bucketKey(settings, region as Region);
  throw foreignBucket(name, region, used, {
    named: `${key} names it. Bucket names are global in AWS. Its owner could read, change or delete data staged there.`,
    fix: `Set ${key.split(" ")[0]} in Pulumi.${settings.name}.yaml to a bucket of your account, or to a name of your own`,
  });
}

/** The error for a bucket of another account. */
export const foreignBucket = (
  name: string,
  region: string,
  used: string | undefined,
  { named, fix }: { readonly named: string; readonly fix: string },
): InputError =>
  new InputError(`the bucket ${name} in ${region} belongs to another account`, {
    why: `Your credentials are of account ${used ?? "another account"}, which does not own it. ${named}`,
    fix,
  });
