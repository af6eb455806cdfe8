import { errorName } from "./failure.ts";

/** The codes of IAM for a role, policy or instance profile that does not exist. */
export const NO_ENTITY: readonly string[] = ["NoSuchEntity", "NoSuchEntityException"];

/** The codes of S3 and IAM for a setting, role or policy that does not exist. */
const ABSENT: ReadonlySet<string> = new Set([
  ...NO_ENTITY,
  "NoSuchTagSet",
  "NoSuchBucketPolicy",
  "NoSuchLifecycleConfiguration",
  "NoSuchPublicAccessBlockConfiguration",
  "OwnershipControlsNotFoundError",
  "ReplicationConfigurationNotFoundError",
  "ServerSideEncryptionConfigurationNotFoundError",
]);

/** Whether a setting of a bucket, a role or a policy does not exist. */
export const isAbsent = (error: unknown): boolean => ABSENT.has(errorName(error));
