import { NONCURRENT_DAYS, objectRemoval } from "./classes.ts";
import type { Life, Placement } from "./ledger.ts";
import { nextMidnight, noncurrentRemoval, removalMidnight } from "./ttl.ts";

/** The data of a life in one region, without interruption. */
export interface Stay {
  readonly region: string;
  readonly from: Date;
  /** When the data went: deleted, taken from the region, or expired, whichever came first. May be in the future. */
  readonly to: Date;
  /**
   * Until when AWS charges for them: the same, but for data that expired. The buckets are versioned, so S3 adds a delete marker then,
   * and keeps the data as a noncurrent version for another one to two days, or until somebody deletes the entry.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
   */
  readonly billedUntil: Date;
  /** The region that they were replicated from; undefined where they were uploaded. */
  readonly replicatedFrom: string | undefined;
}

/** The last moment that there is: nobody knows when. */
const NEVER = new Date(8.64e15);

type OpenStay = Pick<Stay, "region" | "from" | "replicatedFrom">;

/**
 * Where the data of a life were, and when. What expires goes at the 00:00 UTC after its expiry, even where S3 adds the delete marker
 * later: charges change when a lifecycle rule is satisfied.
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

/** Whether data of these regions do not expire: then the placement does not end by itself. */
const isHeld = ({ held }: Life, regions: readonly string[]): boolean =>
  regions.some((region) => held?.has(region));

/** The stay of data that somebody deleted: every version of them. */
function deleted(stay: OpenStay, life: Life, at: Date): Stay | undefined {
  const from = arrivalOf(stay, life);
  // A copy that never arrived, or only when the data were gone, is none.
  if (from === undefined || (from > stay.from && from >= at)) return undefined;
  const to = from > at ? from : at;
  return { ...stay, from, to, billedUntil: to };
}

/** The stay of data that go with the entry, by its deletion or by expiry. */
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

/** When a region got the data; undefined where its copy never arrived. */
function arrivalOf({ region, from, replicatedFrom }: OpenStay, { arrivals }: Life): Date | undefined {
  if (replicatedFrom === undefined || arrivals === undefined) return from;
  const arrival = arrivals.get(region);
  return arrival !== undefined && arrival < from ? from : arrival;
}

/** A TTL that was shortened to less than the data's age removes them at the next midnight, not in the past. */
function entryRemoval({ uploadedAt }: Life, { ttlDays, from }: Placement): Date {
  const removal = removalMidnight(uploadedAt, ttlDays);
  return removal > from ? removal : nextMidnight(from);
}

/** When the last object of a region goes: with the entry, but for one that was made on its last day or later. */
function regionRemoval(region: string, arrival: Date, life: Life, placement: Placement): Date {
  const { uploadedAt, youngest } = life;
  const removal = entryRemoval(life, placement);
  // Nothing is known of a copy that came after the others' end but its arrival.
  const made = [youngest?.get(region), ...(arrival >= removal ? [arrival] : [])].filter(
    (time) => time !== undefined,
  );
  const last = made.map((time) => objectRemoval(placement.ttlDays, uploadedAt, time));
  return last.reduce((latest, time) => (time > latest ? time : latest), removal);
}

const earliest = (date: Date, other: Date | undefined): Date =>
  other !== undefined && other < date ? other : date;
