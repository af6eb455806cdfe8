import { type Tags, TTL_TAG, ttlClassAt } from "../../../staging/classes.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { TTL_CLASSES } from "../../../staging/ttl.ts";

/**
 * The tags of objects that are made one after the other: each midnight that passes after `begun` takes a day off their TTL class, so
 * that all go at the same time.
 * @param tags of an object that is made at `begun`
 * @returns the same object until a midnight passes
 */
export function ageingTags(tags: Tags, begun: Date, now: () => Date = () => serverClock.now()): () => Tags {
  const ttl = TTL_CLASSES.find((days) => String(days) === tags[TTL_TAG]);
  if (ttl === undefined) return () => tags;
  const known = new Map<number, Tags>([[ttl, tags]]);
  return () => {
    const own = ttlClassAt(ttl, begun, now());
    const aged = known.get(own) ?? { ...tags, [TTL_TAG]: String(own) };
    known.set(own, aged);
    return aged;
  };
}
