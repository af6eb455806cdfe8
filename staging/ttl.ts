import { InputError } from "./errors.ts";

declare const brand: unique symbol;

/** Whole days from the upload to the expiry, 1 to 90. */
export type TtlDays = number & { readonly [brand]: "TtlDays" };

export const MIN_TTL_DAYS = 1;
export const MAX_TTL_DAYS = 90;
export const DEFAULT_TTL_DAYS = 7 as TtlDays;
export const MS_PER_DAY = 86_400_000;

/** Every TTL with a lifecycle rule in the buckets. */
export const TTL_CLASSES: readonly TtlDays[] = Array.from(
  { length: MAX_TTL_DAYS - MIN_TTL_DAYS + 1 },
  (_, index) => (MIN_TTL_DAYS + index) as TtlDays,
);

export const isTtlDays = (value: unknown): value is TtlDays =>
  Number.isInteger(value) && Number(value) >= MIN_TTL_DAYS && Number(value) <= MAX_TTL_DAYS;

/** @throws InputError if `value` is not a whole number of days from 1 to 90 */
export function parseTtlDays(value: string | number): TtlDays {
  const text = String(value).trim();
  const days = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(days >= MIN_TTL_DAYS && days <= MAX_TTL_DAYS)) {
    throw new InputError(
      `TTL "${text}" is not a whole number of days from ${MIN_TTL_DAYS} to ${MAX_TTL_DAYS}`,
      {
        why: "The buckets have one lifecycle rule for each of these numbers of days.",
        fix: (spell) => spell("ttl", DEFAULT_TTL_DAYS),
      },
    );
  }
  return days as TtlDays;
}

/** The expiry of an entry in its record: the upload plus the TTL (UTC). */
export function expiresAt(uploadedAt: Date, ttl: TtlDays): Date {
  return new Date(uploadedAt.getTime() + ttl * MS_PER_DAY);
}

/**
 * The midnight (UTC) at which S3 may delete the objects: the expiry rounded up to the next 00:00 UTC.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html#intro-lifecycle-rules-number-of-days
 */
export function removalMidnight(uploadedAt: Date, ttl: TtlDays): Date {
  return nextMidnight(expiresAt(uploadedAt, ttl));
}

/**
 * The midnight (UTC) at which S3 permanently deletes a version that is noncurrent since `since`, with a rule of
 * `days` noncurrent days. In a versioned bucket, expired data only get a delete marker, and are charged for until
 * here.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html#intro-lifecycle-rules-number-of-days
 */
export function noncurrentRemoval(since: Date, days: number): Date {
  return nextMidnight(new Date(since.getTime() + days * MS_PER_DAY));
}

/** The number of a UTC day, counted from 1970. */
export const utcDay = (date: Date): number => Math.floor(date.getTime() / MS_PER_DAY);

/** The first 00:00 UTC after `date`; for a midnight, the next day's. */
export const nextMidnight = (date: Date): Date => new Date((utcDay(date) + 1) * MS_PER_DAY);

/** `2024-01-22T10:30:15Z`: UTC to the second, the form of every date in records and outputs. */
export function isoSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** With or without milliseconds: the forms of {@link isoSeconds} and `toISOString`. */
const ISO_TIME = /^(?:19[7-9]|2\d\d)\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;

/** Whether a value is a time in the form of records: UTC, years 1970 to 2999. */
export const isIsoTime = (value: unknown): value is string =>
  typeof value === "string" && ISO_TIME.test(value) && !Number.isNaN(Date.parse(value));

/** Parses a time in the form of records. @throws InputError for any other value */
export function parseIsoTime(text: string): Date {
  const time: unknown = text;
  if (isIsoTime(time)) return new Date(time);
  throw new InputError(`${JSON.stringify(text.slice(0, 40))} is not a time`, {
    fix: "Write it in UTC: 2026-01-31T10:30:00Z",
  });
}
