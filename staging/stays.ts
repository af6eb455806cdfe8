import { NONCURRENT_DAYS, objectRemoval } from "./classes.ts";
import type { Life, Placement } from "./ledger.ts";
import { nextMidnight, noncurrentRemoval, removalMidnight } from "./ttl.ts";

/** The data of a generation in one region, without interruption. */
export interface Stay {
  readonly region: string;
  readonly from: Date;
  /**
   * The end of the data: the deletion, the removal from the region, or the expiry, whichever came first. May be in
   * the future.
   */
  readonly to: Date;
  /**
   * The end of AWS's charges: the same, except for expired data. The buckets are versioned, so S3 adds a delete
   * marker, and keeps the data as a noncurrent version for another one to two days, or until a user deletes the
   * entry.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
   */
  readonly billedUntil: Date;
  /** The source region of the replication; undefined for the upload. */
  readonly replicatedFrom: string | undefined;
}

/** The maximum date, for an unknown end. */
const NEVER = new Date(8.64e15);

type OpenStay = Pick<Stay, "region" | "from" | "replicatedFrom">;

/**
 * The locations and times of a generation's data. Expired data end at the first 00:00 UTC after the expiry, even if
 * S3 adds the delete marker later: charges change when a lifecycle rule is satisfied.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
 */
export function staysOf(life: Life): Stay[] {
  const { closedAt, placements } = life;
  const found: (Stay | undefined)[] = [];
  let open = new Map<string, OpenStay>();
  for (const [at, placement] of placements.entries()) {
    const { from, regions } = placement;
    const next = placements[at + 1]?.from;
    const primary = regions[0];
    const present = new Map<string, OpenStay>();
    for (const region of regions) {
      const replicatedFrom = region === primary ? undefined : primary;
      present.set(region, open.get(region) ?? { region, from, replicatedFrom });
    }
    for (const [region, stay] of open) if (!present.has(region)) found.push(deleted(stay, life, from));
    open = present;
    const end = earliest(isHeld(life, regions) ? NEVER : entryRemoval(life, placement), closedAt);
    if (next !== undefined && end > next) continue;
    for (const stay of open.values()) found.push(closing(stay, life, placement));
    break;
  }
  return found.filter((stay) => stay !== undefined);
}

/** Whether data in these regions never expire: then the placement has no automatic end. */
const isHeld = ({ held }: Life, regions: readonly string[]): boolean =>
  regions.some((region) => held?.has(region));

/** Data that a user deleted with all versions. */
function deleted(stay: OpenStay, life: Life, at: Date): Stay | undefined {
  const from = arrivalOf(stay, life);
  // A copy that never arrived, or arrived after the data were deleted, does not count.
  if (from === undefined || (from > stay.from && from >= at)) return undefined;
  const to = from > at ? from : at;
  return { ...stay, from, to, billedUntil: to };
}

/** Data that end with the entry, by its deletion or by expiry. */
function closing(stay: OpenStay, life: Life, placement: Placement): Stay | undefined {
  const from = arrivalOf(stay, life);
  if (from === undefined) return undefined;
  if (life.held?.has(stay.region)) return deleted(stay, life, life.closedAt ?? NEVER);
  const removal = regionRemoval(stay.region, from, life, placement);
  const { closedAt } = life;
  if (closedAt !== undefined && closedAt < removal) return deleted(stay, life, closedAt);
  const billedUntil = earliest(noncurrentRemoval(removal, NONCURRENT_DAYS), closedAt);
  return { ...stay, from, to: removal, billedUntil };
}

/** The arrival of the data in a region; undefined if its copy never arrived. */
function arrivalOf({ region, from, replicatedFrom }: OpenStay, { arrivals }: Life): Date | undefined {
  if (replicatedFrom === undefined || arrivals === undefined) return from;
  const arrival = arrivals.get(region);
  return arrival !== undefined && arrival < from ? from : arrival;
}

/** A TTL that was reduced below the data's age deletes them at the next midnight, not in the past. */
function entryRemoval({ uploadedAt }: Life, { ttlDays, from }: Placement): Date {
  const removal = removalMidnight(uploadedAt, ttlDays);
  return removal > from ? removal : nextMidnight(from);
}

/** The end of a region's last object: that of the entry, except for an object created on its last day or later. */
function regionRemoval(region: string, arrival: Date, life: Life, placement: Placement): Date {
  const { uploadedAt, youngest } = life;
  const removal = entryRemoval(life, placement);
  // A copy that arrived after the others ended has no other known time than its arrival.
  const made = [youngest?.get(region), ...(arrival >= removal ? [arrival] : [])].filter(
    (time) => time !== undefined,
  );
  const last = made.map((time) => objectRemoval(placement.ttlDays, uploadedAt, time));
  return last.reduce((latest, time) => (time > latest ? time : latest), removal);
}

const earliest = (date: Date, other: Date | undefined): Date =>
  other !== undefined && other < date ? other : date;
