import type { Context } from "../../context.ts";
import { isBeating } from "../../engine/heartbeat.ts";

/** Where a machine can see what others work on. */
export type StateOf = Pick<Context, "stateUrl" | "stateObjects">;

/**
 * Whether somebody on another machine, or in another container, works on the stack. In a bucket it is whether an engine has locked it, or
 * was killed while it had: `resume` tells who, and what to do.
 */
export async function isWorkedOn(context: StateOf, stack: string): Promise<boolean> {
  const objects = await context.stateObjects();
  if (objects === undefined) return await isBeating(await context.stateUrl(), stack);
  const { isLockedInBucket } = await import("../../engine/bucket-lock.ts");
  return await isLockedInBucket(objects, stack);
}
