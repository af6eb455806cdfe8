import { InputError } from "./errors.ts";
import { MS_PER_DAY } from "./ttl.ts";

/** The period of a report: `since` inclusive, `until` exclusive. */
export interface Period {
  readonly since: Date;
  readonly until: Date;
  /** Its name in a title: `Last 30 Days`, `2026-10-01 to 2026-10-31`. */
  readonly label: string;
  /** Whether the requested period ends after now, and was cut off. */
  readonly cut: boolean;
}

/** The accepted forms of a time; all times are UTC. */
export const TIME_FORMS = [
  "now",
  "today",
  "yesterday",
  "30 days ago",
  "2 weeks",
  "3 months ago",
  "2026-11-01",
  "2026-11-01T09:30Z",
] as const;

const DEFAULT_SINCE = "30 days ago";

/** A moment, or a whole day with its two ends. */
interface Time {
  readonly start: Date;
  readonly end: Date;
  /** `30 days`, if it is that long before now. */
  readonly ago?: string;
}

/**
 * The period between two times. A day starts at its beginning as `since`, and ends at its end as `until`.
 * @param since one of {@link TIME_FORMS}; default {@link DEFAULT_SINCE}
 * @param until likewise; default now
 * @throws InputError if a text is not a time, the period is empty, or it is in the future
 */
export function parsePeriod(since: string | undefined, until: string | undefined, now: Date): Period {
  const from = parseTime(since ?? DEFAULT_SINCE, "--since", now);
  const to = until === undefined ? { start: now, end: now } : parseTime(until, "--until", now);
  if (from.start > now) {
    throw new InputError(`--since "${since}" is in the future`, {
      why: `It is ${now.toISOString().slice(0, 16)}Z now: no data can be staged after it.`,
      fix: (_spell, command) => `For a plan: ${command("spawn stage estimate --data-size-gb 100")}`,
    });
  }
  if (from.start >= to.end) {
    throw new InputError(`--since "${since ?? DEFAULT_SINCE}" is not before --until "${until ?? "now"}"`, {
      why: `The period would be from ${utc(from.start)} to ${utc(to.end)}: it is empty.`,
      fix: "Give --since the earlier of the two.",
    });
  }
  const cut = to.end > now;
  const end = cut ? now : to.end;
  // Half an hour ago is also within today, but "today" does not mean this evening.
  const asked = until !== undefined && !/^(today|now)$/i.test(until.trim());
  // No data were staged before 1970, and dates before the year 0 have another form.
  const start = new Date(Math.max(0, from.start.getTime()));
  return { since: start, until: end, label: labelOf(from, to, until), cut: cut && asked };
}

/** @throws InputError if one of the texts is not a time, whatever the current time */
export function checkTimes(since: string | undefined, until: string | undefined): void {
  const anyTime = new Date(0);
  if (since !== undefined) parseTime(since, "--since", anyTime);
  if (until !== undefined) parseTime(until, "--until", anyTime);
}

/** @throws InputError if `text` is not a time */
function parseTime(text: string, flag: string, now: Date): Time {
  const words = text.trim().toLowerCase().replaceAll(/\s+/g, " ");
  if (words === "now") return { start: now, end: now };
  if (words === "today") return dayOf(now);
  if (words === "yesterday") return dayOf(new Date(now.getTime() - MS_PER_DAY));
  const time = parseAgo(words, now) ?? parseIso(text.trim());
  if (time !== undefined) return time;
  throw new InputError(`${flag} "${text}" is not a time`, {
    why: "The date does not exist, or spawn does not support its form.",
    fix: `Write it in one of these forms, in UTC: ${TIME_FORMS.join(", ")}.`,
  });
}

const HOUR = 3_600_000;
const UNIT_MS = { hour: HOUR, day: MS_PER_DAY, week: 7 * MS_PER_DAY } as const;

function parseAgo(words: string, now: Date): Time | undefined {
  const match = /^(an?|\d{1,4}) (hour|day|week|month|year)s?( ago)?$/.exec(words);
  if (match === null) return undefined;
  const [, number = "", unit = ""] = match;
  const count = /^an?$/.test(number) ? 1 : Number(number);
  const start =
    unit === "month" || unit === "year"
      ? monthsBefore(now, unit === "year" ? 12 * count : count)
      : new Date(now.getTime() - count * UNIT_MS[unit as keyof typeof UNIT_MS]);
  return { start, end: start, ago: `${count} ${unit}${count === 1 ? "" : "s"}` };
}

/** The same day and time of an earlier month, or its last day if it is shorter. */
function monthsBefore(date: Date, months: number): Date {
  const earlier = new Date(date);
  earlier.setUTCDate(1);
  earlier.setUTCMonth(earlier.getUTCMonth() - months);
  const last = new Date(Date.UTC(earlier.getUTCFullYear(), earlier.getUTCMonth() + 1, 0)).getUTCDate();
  earlier.setUTCDate(Math.min(date.getUTCDate(), last));
  return earlier;
}

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/i;

/** A date, or a date and a time; one without an offset is in UTC. */
function parseIso(text: string): Time | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, day = "", time, offset = "Z"] = match;
  const midnight = new Date(`${day}T00:00:00Z`);
  // JavaScript parses 30 February as a day of March.
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return undefined;
  if (time === undefined) return dayOf(midnight);
  const moment = new Date(`${day}T${time}${offset.toUpperCase()}`);
  return Number.isNaN(moment.getTime()) ? undefined : { start: moment, end: moment };
}

function dayOf(date: Date): Time {
  const start = Math.floor(date.getTime() / MS_PER_DAY) * MS_PER_DAY;
  return { start: new Date(start), end: new Date(start + MS_PER_DAY) };
}

function labelOf(from: Time, to: Time, until: string | undefined): string {
  if (until === undefined && from.ago !== undefined) {
    const [count = "", unit = ""] = from.ago.split(" ");
    const name = unit.charAt(0).toUpperCase() + unit.slice(1);
    return count === "1" ? `Last ${name}` : `Last ${count} ${name}`;
  }
  const whole = [from.start, to.end].every((date) => date.getTime() % MS_PER_DAY === 0);
  if (!whole)
    return until === undefined && isMidnight(from.start)
      ? `Since ${day(from.start)}`
      : `${utc(from.start)} to ${utc(to.end)}`;
  const last = new Date(to.end.getTime() - 1);
  return day(from.start) === day(last) ? day(last) : `${day(from.start)} to ${day(last)}`;
}

const isMidnight = (date: Date): boolean => date.getTime() % MS_PER_DAY === 0;
const day = (date: Date): string => date.toISOString().slice(0, 10);
const utc = (date: Date): string => `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
