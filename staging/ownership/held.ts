import { accountOfArn } from "../accounts.ts";
import type { HeldTtl } from "../declared-expiry.ts";
import { heldEntries, type StateEntry } from "../held-entry.ts";
import { BUCKET_ADOPTION, EXPIRATION, STAGING_ENTRY } from "../resources/tokens.ts";
import { isIsoTime, isTtlDays } from "../ttl.ts";
import { type Held, TABLE_ROLES } from "./names.ts";

const TABLE = "aws:dynamodb/table:Table";
const BUCKET = "aws:s3/bucket:Bucket";
const ROLE = "aws:iam/role:Role";
/** The region of the program's AWS provider, for resources without a region. */
const HOME_REGION = "us-east-1";

/** Types of resources that hold data and are protected in an AWS account. */
export const DATA_TYPES: ReadonlySet<string> = new Set([TABLE, BUCKET]);

/**
 * The resources of an environment's stack that hold data or decide over data.
 * @param cloud the stack's output `cloud`
 */
export function heldIn(entries: readonly StateEntry[], cloud: unknown): Held {
  const named = (type: string, key: string) =>
    entries
      .filter((entry) => entry.type === type)
      .flatMap(({ urn, properties: { region, [key]: name } }) =>
        typeof name === "string"
          ? { urn, name, region: typeof region === "string" ? region : HOME_REGION }
          : [],
      );
  return {
    isKnown: true,
    cloud: typeof cloud === "string" ? cloud : undefined,
    tables: named(TABLE, "name").map(({ urn, name, region }) => ({
      role: TABLE_ROLES.find((role) => urn.endsWith(`-${role}`)) ?? "records",
      name,
      region,
    })),
    buckets: [
      ...named(BUCKET, "bucket").map(({ name, region }) => ({ name, region, adopted: false })),
      ...named(BUCKET_ADOPTION, "bucket").map(({ name, region }) => ({ name, region, adopted: true })),
    ],
    role: named(ROLE, "name")[0]?.name,
    account: entries
      .filter(({ type }) => type === TABLE)
      .map(({ properties: { arn } }) => accountOfArn(arn))
      .find((account) => account !== undefined),
    entries: heldEntries(entries),
    ttls: entries.flatMap(ttlIn).sort((a, b) => b.ttl - a.ttl),
  };
}

/** A refresh takes over edited tags as the TTL of a region, but not into the component: the longest TTL of an entry decides. */
function ttlIn({ type, properties: { id, stagingId, uploadedAt, ttlDays } }: StateEntry): HeldTtl[] {
  const own = type === EXPIRATION ? stagingId : type === STAGING_ENTRY ? id : undefined;
  return typeof own === "string" && isIsoTime(uploadedAt) && isTtlDays(ttlDays)
    ? [{ stagingId: own, uploadedAt: new Date(uploadedAt), ttl: ttlDays }]
    : [];
}
