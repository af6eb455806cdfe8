import { InputError } from "./errors.ts";

/** The default of `--timeout` in seconds. */
export const DEFAULT_TIMEOUT_SECONDS = 300;

/** A week: S3 has aborted an older upload by then. */
export const MAX_TIMEOUT_SECONDS = 7 * 24 * 60 * 60;

/** Parses `--timeout`. @throws InputError if `text` is not a number of whole seconds from 1 to a week */
export function parseTimeoutSeconds(text: string | number): number {
  const seconds = /^\d{1,6}$/.test(String(text)) ? Number(text) : 0;
  if (seconds < 1 || seconds > MAX_TIMEOUT_SECONDS) {
    throw new InputError(`"${text}" is not a valid timeout`, {
      why: `It is a number of whole seconds from 1 to ${MAX_TIMEOUT_SECONDS}.`,
      fix: (spell) => spell("timeout", 3600),
    });
  }
  return seconds;
}
