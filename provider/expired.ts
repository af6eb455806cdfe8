import { expiresAt, type TtlDays } from "../staging/ttl.ts";

/**
 * Whether an entry has expired. Expired objects are not lost: a refresh keeps the entry's resources, and no update creates them again.
 * @param now read it after a request to AWS, whose response sets the clock
 */
export const isExpired = (
  { uploadedAt, ttlDays }: { readonly uploadedAt?: string; readonly ttlDays?: number },
  now: Date,
): boolean =>
  uploadedAt !== undefined &&
  ttlDays !== undefined &&
  expiresAt(new Date(uploadedAt), ttlDays as TtlDays) <= now;
