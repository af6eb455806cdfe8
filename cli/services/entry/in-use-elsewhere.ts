import type { Context } from "../../context.ts";
import { isBeating } from "../../engine/heartbeat.ts";

/** The backend, by which a machine sees the work of others. */
export type StateOf = Pick<Context, "stateUrl" | "stateObjects">;

/**
 * Whether a process on another machine, or in another container, works on the stack. In a bucket: whether the stack is locked, also by an
 * engine that was killed; `resume` names the holder of the lock.
 */
export async function isInUseElsewhere(context: StateOf, stack: string): Promise<boolean> {
  const objects = await context.stateObjects();
  if (objects === undefined) return await isBeating(await context.stateUrl(), stack);
  const { isLockedInBucket } = await import("../../engine/bucket-lock.ts");
  return await isLockedInBucket(objects, stack);
}
