import { type Tags, TTL_TAG, ttlClassAt } from "../../../staging/classes.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { TTL_CLASSES } from "../../../staging/ttl.ts";

/** The tags of an object that is created at `createdAt`. @default now */
export type AgeingTags = (createdAt?: Date) => Tags;

/**
 * The tags of objects that are created over several days. Each midnight after `begun` reduces the TTL class by a day, so that all
 * objects expire together.
 * @param tags of an object that is created at `begun`
 * @returns a function that returns the same object until the next midnight
 */
export function ageingTags(tags: Tags, begun: Date, now: () => Date = () => serverClock.now()): AgeingTags {
  const ttl = TTL_CLASSES.find((each) => String(each) === tags[TTL_TAG]);
  if (ttl === undefined) return () => tags;
  const known = new Map<number, Tags>([[ttl, tags]]);
  return (createdAt = now()) => {
    const days = ttlClassAt(ttl, begun, createdAt);
    const aged = known.get(days) ?? { ...tags, [TTL_TAG]: String(days) };
    known.set(days, aged);
    return aged;
  };
}
