import type { EnvironmentSettings } from "../environment.ts";
import { InputError } from "../errors.ts";
import type { Held } from "./names.ts";

/**
 * Names of buckets are global in AWS, so a bucket without a name of its own is taken, or will be of the first user who is
 * fast enough. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 * @param held what the stack's state holds: a bucket that is there keeps its name
 * @throws InputError when an environment in AWS would make a bucket with the default name
 */
export function refuseUnnamedBuckets(settings: EnvironmentSettings, held: Pick<Held, "buckets">): void {
  const { name, cloud, buckets, adopted, keys } = settings;
  if (cloud !== "aws") return;
  const unnamed = [...keys.unnamedBuckets]
    .filter((region) => !adopted.has(region))
    .map((region) => buckets.get(region))
    .filter((bucket) => !held.buckets.some((one) => one.name === bucket));
  if (unnamed.length === 0) return;
  const file = `Pulumi.${name}.yaml`;
  throw new InputError(`${file}: spawn:bucketPrefix is missing`, {
    why: `Names of buckets are global in AWS, and the default one, ${unnamed[0]}, is every user's.`,
    fix: `Set spawn:bucketPrefix in ${file} to a prefix of your own, such as spawn-staging-example-org-`,
  });
}
