import { isDeepStrictEqual } from "node:util";
import { InputError, UserError } from "../../../../staging/errors.ts";
import { isStackName } from "../../../../staging/stack-name.ts";
import { isStackOf } from "../../../../staging/state-bucket.ts";
import type { Context } from "../../../context.ts";
import { takeOverDeadLocks } from "../../../engine/lock.ts";
import { createStack } from "../../../engine/new-stack.ts";
import { importState } from "../../../engine/pending.ts";
import type { EngineSettings } from "../../../engine/process.ts";
import { type EngineSession, openSession, type SessionSource } from "../../../engine/session.ts";
import { listStacks } from "../../../engine/stacks.ts";
import { type ExportedStack, exportStack } from "../../../engine/state.ts";
import { shareUpload } from "../../entry/upload/shared-uploads.ts";
import { unfinishedStacks } from "../../entry/upload/unfinished.ts";
import type { BootstrapPlan } from "./bootstrap.ts";
import { bootstrapCommand } from "./place.ts";

/** The stacks of an environment in the backend that its commands use until now. */
export interface Movable {
  readonly from: EngineSession;
  readonly stacks: readonly string[];
}

/**
 * The state that is in another backend than `url`.
 * @returns undefined where there is none
 */
export async function findMovable(
  context: SessionSource & Pick<Context, "environmentName">,
  url: string,
): Promise<Movable | undefined> {
  if ((await context.stateUrl()) === url) return undefined;
  const from = await openSession(context);
  const stacks = (await stacksOf(from.entryProject)).filter((stack) =>
    isStackOf(context.environmentName, stack),
  );
  return stacks.length === 0 ? undefined : { from, stacks: stacks.toSorted() };
}

/** A machine that was never logged in to Pulumi Cloud, and has named no backend, has no state. */
async function stacksOf(project: EngineSettings): Promise<string[]> {
  try {
    return await listStacks(project);
  } catch (error) {
    if (project.env["PULUMI_BACKEND_URL"] !== undefined || !(error instanceof UserError)) throw error;
    if (/PULUMI_ACCESS_TOKEN must be set|not logged in|pulumi login/i.test(error.why ?? "")) return [];
    throw error;
  }
}

/** The error for a bootstrap that would leave a state behind. */
export const leftBehind = (plan: BootstrapPlan, { from, stacks }: Movable): InputError =>
  new InputError(`the state of ${plan.settings.name} is in another place`, {
    why: `${from.entryProject.env["PULUMI_BACKEND_URL"] ?? "The backend of pulumi login"} has ${stacks.length === 1 ? "a stack" : `${stacks.length} stacks`} of it.`,
    fix: `${bootstrapCommand(plan, plan.place, "--migrate")} copies it to the bucket`,
  });

/**
 * Copies the state of all stacks to the backend at `url`, and compares what has arrived. The old state stays as it is. Interrupted at any
 * point, it can run again.
 * @throws UserError when a stack is being updated
 * @throws InputError when the bucket has another state of a stack
 */
export async function moveState(
  context: SessionSource & Pick<Context, "environmentName">,
  { from, stacks }: Movable,
  url: string,
  onStack: (stack: string) => void,
): Promise<void> {
  const to = await openSession(context, undefined, url);
  for (const stack of stacks) {
    onStack(stack);
    const isOwn = stack === context.environmentName;
    const [source, target] = isOwn
      ? [from.environmentProject, to.environmentProject]
      : [from.entryProject, to.entryProject];
    await takeOverDeadLocks(source, stack);
    await moveStack(source, target, stack);
  }
  for (const stack of await unfinishedStacks(context.environmentName))
    if (isStackName(stack)) await shareUpload(to.entryProject, stack);
}

async function moveStack(source: EngineSettings, target: EngineSettings, stack: string): Promise<void> {
  const state = await exportStack(source, stack);
  if (state === undefined) return; // it was deleted meanwhile
  const there = await exportStack(target, stack);
  if (there !== undefined && isSame(there, state)) return;
  if ((there?.deployment?.resources ?? []).length > 0) {
    throw new InputError(`the bucket has another state of ${stack}`, {
      why: "It was changed since it was copied, here or by another machine, and only one of the two is right.",
      fix: `To go on with the bucket's: spawn config set backend.url '${target.env["PULUMI_BACKEND_URL"] ?? ""}'`,
    });
  }
  if (there === undefined) await createStack(target, stack);
  if (state.deployment === null) return;
  await importState(target, stack, state);
  const copied = await exportStack(target, stack);
  if (copied !== undefined && isSame(copied, state)) return;
  throw new UserError(`the state of ${stack} has not arrived as it was sent`, {
    why: "What the engine reads from the bucket differs from what it read before. The old state is unchanged and still in use.",
    fix: "Run the command again, while no other command works on the environment.",
  });
}

const isSame = (one: ExportedStack, other: ExportedStack): boolean =>
  isDeepStrictEqual(one.deployment?.resources ?? [], other.deployment?.resources ?? []) &&
  isDeepStrictEqual(one.deployment?.pending_operations ?? [], other.deployment?.pending_operations ?? []);
