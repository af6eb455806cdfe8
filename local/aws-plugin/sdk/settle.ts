import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../staging/errors.ts";
import type { Call } from "./call.ts";

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;
const PATIENCE_MS = 180_000;

/** Waits until `find` finds nothing more. */
export const settleGone = (
  call: Call,
  what: string,
  find: () => Promise<unknown>,
  patience?: number,
): Promise<true> =>
  settle(call, `${what} to be gone`, async () => ((await find()) === undefined ? true : undefined), patience);

/**
 * Polls until there is a result: AWS's control planes are eventually consistent, and some states take time.
 * @param what in the error "gave up waiting for …"
 * @param probe its result, or undefined to continue
 * @param patience in milliseconds
 * @throws UserError after that time
 */
export async function settle<T>(
  call: Call,
  what: string,
  probe: () => Promise<T | undefined>,
  patience = PATIENCE_MS,
): Promise<T> {
  const giveUp = Date.now() + patience;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (Date.now() > giveUp) {
      throw new UserError(`gave up waiting for ${what}`, {
        why: `The condition was not met within ${patience / 1000} s.`,
        fix: "the same command again",
      });
    }
    await sleep(wait, undefined, { signal: call.context.signal });
  }
}
