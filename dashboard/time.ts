import { formatDuration } from "../staging/units.ts";

const MS_PER_DAY = 86_400_000;
const MS_PER_HOUR = 3_600_000;

/** `6d 23h`, `3h 05m`, `12s` */
export function durationText(ms: number): string {
  if (ms < MS_PER_DAY) return formatDuration(ms / 1_000);
  return `${Math.floor(ms / MS_PER_DAY)}d ${Math.floor((ms % MS_PER_DAY) / MS_PER_HOUR)}h`;
}

/** `2026-11-24 10:30 UTC` */
export const utcText = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")} UTC`;

/** `10:30:15 UTC` */
export const clockText = (iso: string): string => `${iso.slice(11, 19)} UTC`;

/** `24 Nov` */
export function dayText(date: string): string {
  const options = { timeZone: "UTC", day: "numeric", month: "short" } as const;
  return new Date(`${date}T00:00:00Z`).toLocaleDateString("en-GB", options);
}

type Expiry = "active" | "expiring" | "expired" | "deleting";

/** The state of an entry at `now`, as in `stage list`: `expiring` is within a day. */
export function expiryOf(
  { expiresAt, isDeleting }: { readonly expiresAt: string; readonly isDeleting: boolean },
  now: number,
): Expiry {
  if (isDeleting) return "deleting";
  const left = Date.parse(expiresAt) - now;
  if (left <= 0) return "expired";
  return left <= MS_PER_DAY ? "expiring" : "active";
}

/** The remaining part of the TTL, from 0 to 1. */
export function shareLeft(
  { uploadedAt, expiresAt }: { readonly uploadedAt: string; readonly expiresAt: string },
  now: number,
): number {
  const [start, end] = [Date.parse(uploadedAt), Date.parse(expiresAt)];
  return end <= start ? 0 : Math.min(1, Math.max(0, (end - now) / (end - start)));
}
