import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../staging/errors.ts";
import type { Call } from "./call.ts";

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;
const PATIENCE_MS = 180_000;

/**
 * Asks until the answer is there: AWS's control planes are eventually consistent, and some states take their time.
 * @param what stands in the error, as in "gave up waiting for …"
 * @param probe its answer, or undefined while it isn't there yet
 * @param patience in milliseconds
 * @throws UserError when it is still not so after that
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
        why: `It was not so within ${patience / 1000} s.`,
        fix: "the same command again",
      });
    }
    await sleep(wait, undefined, { signal: call.context.signal });
  }
}
