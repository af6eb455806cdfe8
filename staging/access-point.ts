import type { StagingId } from "./ids.ts";

/**
 * The name of an entry's access point, the same in every region. It begins with the environment's `spawn:namePrefix`, since two
 * environments of one account may declare an entry of the same id.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-restrictions-limitations-naming-rules.html
 */
export const accessPointName = (namePrefix: string, stagingId: StagingId): string =>
  `${namePrefix}-${stagingId}`;
