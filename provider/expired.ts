import { expiresAt, type TtlDays } from "../staging/ttl.ts";

/**
 * Whether an entry's time is over. What is gone by then was not lost: a refresh leaves its resources as they are, and no update makes
 * them again.
 * @param now after a request to AWS, since its answers tell the time
 */
export const isExpired = (
  { uploadedAt, ttlDays }: { readonly uploadedAt?: string; readonly ttlDays?: number },
  now: Date,
): boolean =>
  uploadedAt !== undefined &&
  ttlDays !== undefined &&
  expiresAt(new Date(uploadedAt), ttlDays as TtlDays) <= now;
