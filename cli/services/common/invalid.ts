import { InputError } from "../../../staging/errors.ts";

/** The result of `read`; undefined if it throws an InputError. */
export function undefinedIfInvalid<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
