import { InputError } from "./errors.ts";

declare const brand: unique symbol;

/** Whole days from the upload to the expiry, 1 to 90. */
export type TtlDays = number & { readonly [brand]: "TtlDays" };

export const MIN_TTL_DAYS = 1;
export const MAX_TTL_DAYS = 90;
export const DEFAULT_TTL_DAYS = 7 as TtlDays;
export const MS_PER_DAY = 86_400_000;

/** Every TTL that a bucket has a lifecycle rule for. */
export const TTL_CLASSES: readonly TtlDays[] = Array.from(
  { length: MAX_TTL_DAYS - MIN_TTL_DAYS + 1 },
  (_, index) => (MIN_TTL_DAYS + index) as TtlDays,
);

/** @throws InputError unless `value` is a whole number of days from 1 to 90. */
export function parseTtlDays(value: string | number): TtlDays {
  const text = String(value).trim();
  const days = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(days >= MIN_TTL_DAYS && days <= MAX_TTL_DAYS)) {
    throw new InputError(
      `TTL "${text}" is not a whole number of days from ${MIN_TTL_DAYS} to ${MAX_TTL_DAYS}`,
      {
        why: "The buckets have one lifecycle rule for each of these numbers of days.",
        fix: `--ttl ${DEFAULT_TTL_DAYS}`,
      },
    );
  }
  return days as TtlDays;
}

/** The moment at which an entry expires: its upload plus its TTL, as the record has it (UTC). */
export function expiresAt(uploadedAt: Date, ttl: TtlDays): Date {
  return new Date(uploadedAt.getTime() + ttl * MS_PER_DAY);
}

/**
 * The midnight (UTC) at which S3 may remove the objects: the expiry rounded up to the next 00:00 UTC.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html#intro-lifecycle-rules-number-of-days
 */
export function removalMidnight(uploadedAt: Date, ttl: TtlDays): Date {
  return nextMidnight(expiresAt(uploadedAt, ttl));
}

/**
 * The midnight (UTC) at which S3 deletes a version for good that has not been the current one since `since`, under a rule of
 * `days` noncurrent days. What expires in a versioned bucket only gets a delete marker then, and is charged for until here.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html#intro-lifecycle-rules-number-of-days
 */
export function noncurrentRemoval(since: Date, days: number): Date {
  return nextMidnight(new Date(since.getTime() + days * MS_PER_DAY));
}

/** The number of a day in UTC, from 1970 on. */
export const utcDay = (date: Date): number => Math.floor(date.getTime() / MS_PER_DAY);

/** The first 00:00 UTC after `date`; a midnight's is that of the next day. */
export const nextMidnight = (date: Date): Date => new Date((utcDay(date) + 1) * MS_PER_DAY);

/** `2024-01-22T10:30:15Z`: UTC to the second, the form of every date in records and outputs. */
export function isoSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** With milliseconds or without: the times that {@link isoSeconds} and `toISOString` write. */
const ISO_TIME = /^(?:19[7-9]|2\d\d)\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;

/** Whether a value is a time as records have it: UTC, of the years 1970 to 2999. */
export const isIsoTime = (value: unknown): value is string =>
  typeof value === "string" && ISO_TIME.test(value) && !Number.isNaN(Date.parse(value));

/** Parses a time as records have it. @throws InputError for anything else */
export function parseIsoTime(text: string): Date {
  const time: unknown = text;
  if (isIsoTime(time)) return new Date(time);
  throw new InputError(`${JSON.stringify(text.slice(0, 40))} is not a time`, {
    fix: "Write it in UTC: 2026-01-31T10:30:00Z",
  });
}
