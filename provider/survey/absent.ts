import { errorName, statusOf } from "../../connection/errors/failure.ts";
import { isDenied, isNotFound } from "../../connection/errors/kinds.ts";

/** What S3 and IAM call a setting, a role or a policy that is not there. */
const ABSENT: ReadonlySet<string> = new Set([
  "NoSuchTagSet",
  "NoSuchLifecycleConfiguration",
  "ReplicationConfigurationNotFoundError",
  "NoSuchEntity",
  "NoSuchEntityException",
]);

/** The answer; undefined for what is not there, also in another region's bucket, and "denied" where looking is not allowed. */
export async function unlessAbsent<T>(request: Promise<T>): Promise<T | "denied" | undefined> {
  try {
    return await request;
  } catch (error) {
    if (ABSENT.has(errorName(error)) || isNotFound(error) || statusOf(error) === 301) return undefined;
    if (isDenied(error)) return "denied";
    throw error;
  }
}
