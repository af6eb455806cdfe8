import { type EnvironmentSettings, settingsFileName } from "../environment.ts";
import { InputError } from "../errors.ts";
import type { Held } from "./names.ts";

/**
 * Bucket names are global in AWS, so another user has the default name, or can create it first.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 * @param held resources in the stack's state: an existing bucket keeps its name
 * @throws InputError if an environment in AWS would create a bucket with the default name
 */
export function refuseUnnamedBuckets(settings: EnvironmentSettings, held: Pick<Held, "buckets">): void {
  const { name, cloud, buckets, adopted, keys } = settings;
  if (cloud !== "aws") return;
  const unnamed = [...keys.unnamedBuckets]
    .filter((region) => !adopted.has(region))
    .map((region) => buckets.get(region))
    .filter((bucket) => !held.buckets.some((one) => one.name === bucket));
  if (unnamed.length === 0) return;
  const file = settingsFileName(name);
  throw new InputError(`${file}: spawn:bucketPrefix is missing`, {
    why: `Bucket names are global in AWS, and the default one, ${unnamed[0]}, is every user's.`,
    fix: `Set spawn:bucketPrefix in ${file} to a prefix of your own, such as spawn-staging-example-org-`,
  });
}
