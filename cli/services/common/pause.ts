import { setTimeout as sleep } from "node:timers/promises";

/** @throws AbortError when `signal` ends the pause */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal });
}
