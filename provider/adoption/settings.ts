import {
  GetBucketEncryptionCommand,
  GetBucketRequestPaymentCommand,
  GetBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import { statusOf, undefinedIf } from "../../connection/errors/failure.ts";
import { isNoSuchBucket } from "../../connection/errors/kinds.ts";
import { UserError } from "../../staging/errors.ts";
import { describeRetention, refuseLongRetention } from "../../staging/object-lock.ts";
import type { CallContext } from "../plugin/types.ts";
import type { Target } from "../rules/configuration.ts";
import { policyKind } from "../rules/policy.ts";
import { retryOnNewBucket } from "../rules/spreading.ts";
import { explained } from "../store/explain.ts";
import { type LockConfiguration, lockConfigurationOf } from "../store/object-lock.ts";
import type { Settling } from "../store/retry.ts";
import { checkDenials } from "./denials.ts";

/** A bucket to adopt. */
interface Adopted {
  readonly bucket: string;
  readonly region: string;
}

/**
 * Checks, before any change, the bucket's settings that affect staging, replication, sharing and deletion of entries. Logs a warning
 * for each setting with consequences.
 * @throws UserError if the default retention exceeds the longest TTL, a deletion requires MFA, or the bucket's policy denies an
 *   action that every entry needs
 */
export async function requireSettings(
  target: Target,
  region: string,
  spreading: Settling,
  context: Pick<CallContext, "log">,
): Promise<void> {
  const { client, bucket: Bucket, signal } = target;
  const adopted = { bucket: Bucket, region };
  const options = { abortSignal: signal };
  const readSettings = () =>
    Promise.all([
      client.send(new GetBucketVersioningCommand({ Bucket }), options),
      lockConfigurationOf(client, Bucket, signal),
      undefinedIf(isUnavailable, client.send(new GetBucketEncryptionCommand({ Bucket }), options)),
      undefinedIf(isUnavailable, client.send(new GetBucketRequestPaymentCommand({ Bucket }), options)),
      undefinedIf(isUnavailable, policyKind.get(target)),
    ]);
  const [versioning, locking, encryption, payment, policy] = await explained(
    `adopting the bucket ${Bucket} in ${region}`,
    () => retryOnNewBucket(readSettings, { spreading, signal }),
  );
  if (versioning.MFADelete === "Enabled") throw requiresMfa(Bucket);
  const [rule] = encryption?.ServerSideEncryptionConfiguration?.Rules ?? [];
  const { SSEAlgorithm = "", KMSMasterKeyID } = rule?.ApplyServerSideEncryptionByDefault ?? {};
  const warnings = [
    ...(locking === undefined ? [] : [describeLocking(adopted, locking)]),
    ...(SSEAlgorithm.startsWith("aws:kms") ? [describeKms(adopted, KMSMasterKeyID)] : []),
    ...(payment?.Payer === "Requester" ? [describeRequesterPays(adopted)] : []),
    ...checkDenials(Bucket, policy?.rules ?? []),
  ];
  for (const warning of warnings) context.log("warning", warning);
}

/** Whether the permission is missing, the setting does not exist, or the server does not support it. */
const isUnavailable = (error: unknown): boolean =>
  !isNoSuchBucket(error) && [403, 404, 405, 501].includes(statusOf(error) ?? 0);

const requiresMfa = (bucket: string): UserError =>
  new UserError(`the bucket ${bucket} cannot be adopted: its objects are deleted by MFA only`, {
    why: "MFA delete is enabled for its versioning, so neither spawn stage delete nor a lifecycle rule can remove an entry.",
    fix: "Disable MFA delete with the account's root user, or adopt another bucket.",
  });

/** @throws UserError for a default retention beyond the longest TTL */
function describeLocking({ bucket, region }: Adopted, { retention }: LockConfiguration): string {
  if (retention !== undefined) refuseLongRetention(bucket, region, retention);
  const consequence =
    retention === undefined
      ? "What is under a legal hold or a retention cannot be deleted."
      : `No object can be deleted for ${describeRetention(retention)}, and no entry with a shorter TTL is staged in it.`;
  return `Your bucket ${bucket} in ${region} has S3 Object Lock. ${consequence}`;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html */
function describeKms({ bucket, region }: Adopted, key: string | undefined): string {
  const readers =
    key === undefined || key.includes("alias/aws/s3")
      ? "Other accounts cannot use this key, so entries cannot be shared with them."
      : "Other accounts that entries are shared with need kms:Decrypt, too.";
  return (
    `Your bucket ${bucket} in ${region} encrypts with the KMS key ${key ?? "aws/s3"}. Replication rules take no such objects, so spawn copies ` +
    `them (replication: copy). Who stages needs kms:GenerateDataKey and kms:Decrypt on the key, workers kms:Decrypt. ${readers}`
  );
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html */
const describeRequesterPays = ({ bucket, region }: Adopted): string =>
  `Your bucket ${bucket} in ${region} is a Requester Pays bucket. Other accounts that entries are shared with must send x-amz-request-payer, which workers do not. ` +
  `To let your account pay: aws s3api put-bucket-request-payment --bucket ${bucket} --region ${region} --request-payment-configuration Payer=BucketOwner`;
