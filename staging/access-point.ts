import type { StagingId } from "./ids.ts";

/**
 * The name of an entry's access point, the same in every region: unique in an account and region, as the id is.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-restrictions-limitations-naming-rules.html
 */
export const accessPointName = (stagingId: StagingId): string => `spawn-${stagingId}`;
