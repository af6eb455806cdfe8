import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { lifecycleRules } from "../../../components/lifecycle-rules.ts";
import { NONCURRENT_DAYS, replicateTag } from "../../../staging/classes.ts";
import type { Region } from "../../../staging/regions.ts";
import { MS_PER_DAY } from "../../../staging/ttl.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

/** The time that a rule needs to replicate an object, or never. */
export type Fate = "never" | { readonly afterMs: number; readonly end: "COMPLETED" | "FAILED" };

export interface Behaviour {
  /** For each object that matches a rule. */
  fate(destination: Region, key: string): Fate;
  /** Milliseconds after midnight at which S3 removes expired objects: AWS promises no time. */
  lifecycleLagMs: number;
  /** The order of a rule's replica that arrives after a copy of the same object: AWS does not document it. */
  lateReplica: "above" | "below";
}

type ReplicationStatus = "PENDING" | "COMPLETED" | "FAILED" | "REPLICA";

export interface Version {
  readonly id: string;
  readonly isMarker: boolean;
  readonly body: Uint8Array;
  readonly etag: string;
  /** Base64, of the whole object. */
  readonly crc32: string;
  /** As sent, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  tags: ReadonlyMap<string, string>;
  /** The start time of lifecycle rules. A rule's replica has its source's. */
  readonly createdAt: Date;
  /** The time since which it is stored here. */
  readonly storedAt: Date;
  noncurrentSince: Date | undefined;
  replication: ReplicationStatus | undefined;
}

/** Bytes of one version that S3 bills, and the time. */
export interface Charge {
  readonly region: Region;
  readonly key: string;
  readonly bytes: number;
  readonly from: Date;
  /** Undefined while it is stored. */
  readonly to: Date | undefined;
  /** The time at which it became noncurrent, if it did. */
  readonly noncurrentSince: Date | undefined;
}

interface Bucket {
  readonly region: Region;
  readonly name: string;
  /** The newest version of each key first. */
  readonly keys: Map<string, Version[]>;
}

/** Days of the lifecycle rule for each tag. */
const TTL_RULES = new Map(
  lifecycleRules().flatMap(({ filter, expiration }): [string, number][] =>
    filter?.tag === undefined || expiration?.days === undefined
      ? []
      : [[`${filter.tag.key}=${filter.tag.value}`, expiration.days]],
  ),
);

/** The next 00:00 UTC after `days` days; a time at midnight counts to the following one. */
const midnightAfter = (time: Date, days: number): number =>
  (Math.floor((time.getTime() + days * MS_PER_DAY) / MS_PER_DAY) + 1) * MS_PER_DAY;

/**
 * S3's storage as AWS documents it, on a simulated clock: versions, replication by rule, lifecycle expiration and its rounding.
 * Each bucket has the lifecycle rules that the environment declares, and replicates to every other one by its tag.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnt-replicated.html
 */
export class SimulatedS3 {
  readonly clock: SimulatedClock;
  readonly behaviour: Behaviour;
  readonly #buckets = new Map<string, Bucket>();
  readonly #ended: Charge[] = [];
  #versions = 0;

  constructor(clock: SimulatedClock, behaviour: Behaviour, buckets: ReadonlyMap<Region, string>) {
    this.clock = clock;
    this.behaviour = behaviour;
    for (const [region, name] of buckets) this.#buckets.set(name, { region, name, keys: new Map() });
    this.#atNextMidnight();
  }

  bucket(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  get buckets(): readonly Bucket[] {
    return [...this.#buckets.values()];
  }

  /** The version that a GET finds; undefined without one, or for a delete marker. */
  current(bucket: Bucket, key: string): Version | undefined {
    const [newest] = bucket.keys.get(key) ?? [];
    return newest?.isMarker ? undefined : newest;
  }

  put(
    bucket: Bucket,
    key: string,
    object: Pick<Version, "body" | "headers" | "tags">,
    etag?: string,
  ): Version {
    const now = this.clock.now();
    const version: Version = {
      ...object,
      id: this.#nextId(),
      isMarker: false,
      etag: etag ?? `"${createHash("md5").update(object.body).digest("hex")}"`,
      crc32: crcOf(object.body),
      createdAt: now,
      storedAt: now,
      noncurrentSince: undefined,
      replication: undefined,
    };
    this.#add(bucket, key, version, "above");
    this.#replicate(bucket, key, version);
    return version;
  }

  /** Without `id`, adds a delete marker; with it, removes that version. */
  delete(bucket: Bucket, key: string, id?: string): void {
    if (id === undefined) this.#mark(bucket, key);
    else this.#remove(bucket, key, id, this.clock.now());
  }

  /** All storage that S3 bills for keys with the prefix, from the beginning. Due versions are no longer billed, even if they are still stored. */
  charges(prefix: string): Charge[] {
    const stored = this.buckets.flatMap(({ region, keys }) =>
      [...keys].flatMap(([key, versions]) =>
        versions
          .filter(({ isMarker }) => !isMarker)
          .map((version) => chargeOf(region, key, version, this.#dueAt(version))),
      ),
    );
    return [...this.#ended, ...stored].filter(({ key }) => key.startsWith(prefix));
  }

  /** The due time of a noncurrent version's removal, if it has passed. */
  #dueAt(version: Version): Date | undefined {
    const { noncurrentSince, tags } = version;
    if (noncurrentSince === undefined || isHeld(version) || !this.#ttlOf(tags)) return undefined;
    const due = midnightAfter(noncurrentSince, NONCURRENT_DAYS);
    return due <= this.clock.now().getTime() ? new Date(due) : undefined;
  }

  #ttlOf(tags: Version["tags"]): number | undefined {
    return [...tags]
      .map(([name, value]) => TTL_RULES.get(`${name}=${value}`))
      .find((days) => days !== undefined);
  }

  #add(bucket: Bucket, key: string, version: Version, place: Behaviour["lateReplica"]): void {
    const versions = bucket.keys.get(key) ?? [];
    bucket.keys.set(key, versions);
    const newest = versions[0];
    if (place === "below" && newest !== undefined) {
      version.noncurrentSince = version.storedAt;
      versions.splice(1, 0, version);
      return;
    }
    if (newest !== undefined) newest.noncurrentSince ??= this.clock.now();
    versions.unshift(version);
  }

  #mark(bucket: Bucket, key: string): void {
    const now = this.clock.now();
    const marker: Version = {
      ...{ id: this.#nextId(), isMarker: true, body: new Uint8Array(), etag: "", crc32: "", headers: {} },
      ...{
        tags: new Map(),
        createdAt: now,
        storedAt: now,
        noncurrentSince: undefined,
        replication: undefined,
      },
    };
    this.#add(bucket, key, marker, "above");
  }

  #remove(bucket: Bucket, key: string, id: string, at: Date): void {
    const versions = bucket.keys.get(key) ?? [];
    const place = versions.findIndex((version) => version.id === id);
    const [version] = place < 0 ? [] : versions.splice(place, 1);
    if (versions.length === 0) bucket.keys.delete(key);
    if (version === undefined) return;
    if (!version.isMarker) this.#ended.push(chargeOf(bucket.region, key, version, at));
    const newest = versions[0];
    if (place === 0 && newest !== undefined) newest.noncurrentSince = undefined;
  }

  #replicate(source: Bucket, key: string, version: Version): void {
    const takers = this.buckets.filter(({ region }) => version.tags.get(replicateTag(region)) === "true");
    if (takers.length === 0) return;
    version.replication = "PENDING";
    let open = takers.length;
    for (const bucket of takers) {
      const fate = this.behaviour.fate(bucket.region, key);
      if (fate === "never") continue;
      this.clock.schedule(this.clock.now().getTime() + fate.afterMs, () => {
        const isGone = !(source.keys.get(key) ?? []).includes(version);
        if (isGone) return;
        open -= 1;
        if (fate.end === "FAILED") {
          version.replication = "FAILED";
          return;
        }
        if (open === 0 && version.replication === "PENDING") version.replication = "COMPLETED";
        const storedAt = this.clock.now();
        const replica: Version = { ...version, storedAt, noncurrentSince: undefined, replication: "REPLICA" };
        const isLate = this.current(bucket, key) !== undefined;
        this.#add(bucket, key, replica, isLate ? this.behaviour.lateReplica : "above");
      });
    }
  }

  #atNextMidnight(): void {
    const midnight = midnightAfter(this.clock.now(), 0);
    this.clock.schedule(midnight + this.behaviour.lifecycleLagMs, () => this.#expire(new Date(midnight)));
    this.clock.schedule(midnight, () => this.#atNextMidnight());
  }

  /** The actions of a midnight. Storage is billed until then, even if S3 removes it later. */
  #expire(midnight: Date): void {
    for (const bucket of this.buckets) {
      for (const [key, versions] of [...bucket.keys]) {
        for (const version of [...versions].reverse()) {
          if (version.isMarker || isHeld(version) || this.#ttlOf(version.tags) === undefined) continue;
          const { noncurrentSince } = version;
          if (
            noncurrentSince !== undefined &&
            midnightAfter(noncurrentSince, NONCURRENT_DAYS) <= Number(midnight)
          )
            this.#remove(bucket, key, version.id, midnight);
        }
        const newest = this.current(bucket, key);
        const ttl = newest && !isHeld(newest) ? this.#ttlOf(newest.tags) : undefined;
        if (
          newest !== undefined &&
          ttl !== undefined &&
          midnightAfter(newest.createdAt, ttl) <= Number(midnight)
        )
          this.#mark(bucket, key);
        const left = bucket.keys.get(key) ?? [];
        // An expired object delete marker: no version is below it.
        if (left.length > 0 && left.every(({ isMarker }) => isMarker)) bucket.keys.delete(key);
      }
    }
  }

  #nextId(): string {
    this.#versions += 1;
    return `v${this.#versions}`;
  }
}

/**
 * S3 keeps objects whose replication is not complete.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html
 */
const isHeld = ({ replication }: Version): boolean => replication === "PENDING" || replication === "FAILED";

const chargeOf = (region: Region, key: string, version: Version, to: Date | undefined): Charge => ({
  ...{ region, key, bytes: version.body.length, from: version.storedAt, to },
  noncurrentSince: version.noncurrentSince,
});

function crcOf(body: Uint8Array): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString("base64");
}
