import type { StagingId } from "./ids.ts";

/**
 * The name of an entry's access point, the same in every region. It begins with the environment's `spawn:namePrefix`,
 * because two environments of one account may declare an entry with the same ID.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-restrictions-limitations-naming-rules.html
 */
export const accessPointName = (namePrefix: string, stagingId: StagingId): string =>
  `${namePrefix}-${stagingId}`;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html */
const ARN = /^arn:aws:s3:[a-z0-9-]+:\d{12}:accesspoint\/[a-z0-9][a-z0-9-]{1,48}[a-z0-9]$/;

/** Whether `text` is the ARN of an access point, which the SDKs and the AWS CLI accept in place of a bucket's name. */
export const isAccessPointArn = (text: string): boolean => ARN.test(text);
