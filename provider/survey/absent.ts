import { isAbsent } from "../../connection/errors/absent.ts";
import { statusOf } from "../../connection/errors/failure.ts";
import { isDenied, isNotFound } from "../../connection/errors/kinds.ts";

/**
 * @returns the response; undefined if the setting, role or policy does not exist or the bucket is in another region; "denied" without
 *   permission
 */
export async function undefinedIfAbsent<T>(request: Promise<T>): Promise<T | "denied" | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isAbsent(error) || isNotFound(error) || statusOf(error) === 301) return undefined;
    if (isDenied(error)) return "denied";
    throw error;
  }
}
