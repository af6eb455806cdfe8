import { isDeepStrictEqual } from "node:util";
import { InputError, UserError } from "../../../../staging/errors.ts";
import { shellQuoted } from "../../../../staging/shell.ts";
import { environmentOfStack, isStackName } from "../../../../staging/stack-name.ts";
import { isStackOf } from "../../../../staging/state-bucket.ts";
import { commandLine } from "../../../command-line.ts";
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

/** The stacks of an environment in its current backend. */
export interface Movable {
  readonly from: EngineSession;
  readonly stacks: readonly string[];
}

/**
 * The state in another backend than `url`.
 * @returns undefined if there is none
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

/** A machine without a login to Pulumi Cloud and without a backend has no state. */
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
 * Copies the state of all stacks to the backend at `url`, and verifies it. The old state does not change. After an interruption it can
 * run again.
 * @throws UserError if a stack is being updated
 * @throws InputError if the bucket has another state of a stack
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
      why: "One of the two has changed since it was copied, and only one can be used.",
      fix: `To use the bucket's state: ${commandLine(`spawn config set backend.url ${shellQuoted(target.env["PULUMI_BACKEND_URL"] ?? "")}`, environmentOfStack(stack))}`,
    });
  }
  if (there === undefined) await createStack(target, stack);
  if (state.deployment === null) return;
  await importState(target, stack, state);
  const copied = await exportStack(target, stack);
  if (copied !== undefined && isSame(copied, state)) return;
  throw new UserError(`the copied state of ${stack} differs from the original`, {
    why: "The engine reads another state from the bucket. The old state is unchanged and still in use.",
    fix: "Run the command again, while no other command works on the environment.",
  });
}

const isSame = (one: ExportedStack, other: ExportedStack): boolean =>
  isDeepStrictEqual(one.deployment?.resources ?? [], other.deployment?.resources ?? []) &&
  isDeepStrictEqual(one.deployment?.pending_operations ?? [], other.deployment?.pending_operations ?? []);
