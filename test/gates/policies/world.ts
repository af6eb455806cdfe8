import { parseAccountId } from "../../../staging/accounts.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import { parseRegion } from "../../../staging/regions.ts";

/** The guide's accounts of "Cross-Account Staging": A owns the data, B uses them, C may not. */
export const A = parseAccountId("111111111111");
export const B = parseAccountId("123456789012");
export const C = parseAccountId("222222222222");

export const REGION = parseRegion("us-east-1");
export const ID = parseStagingId("stage-abc123def456");
export const OTHER_ID = parseStagingId("stage-000000000000");
export const BUCKET = "spawn-staging-us-east-1";
export const ADOPTED_BUCKET = "my-spawn-staging-us-east-1";
export const POINT = `arn:aws:s3:${REGION}:${A}:accesspoint/spawn-${ID}`;

export const PLAIN_HTTP = { "aws:SecureTransport": "false" };

/** An instance of an account: a session of a role. */
export const instanceOf = (account: string): string =>
  `arn:aws:sts::${account}:assumed-role/worker/i-0123456789abcdef0`;
