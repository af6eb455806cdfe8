import { rm } from "node:fs/promises";
import { type EntrySpec, entryStackName } from "../../../staging/entry.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { STAGING_ENTRY } from "../../../staging/resources/tokens.ts";
import type { StackName } from "../../../staging/stack-name.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import { settingsFile } from "../../engine/entry-project.ts";
import { type EngineSession, openSession } from "../../engine/session.ts";
import { readState, type StateResource } from "../../engine/state.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { idsIn } from "../entry/delete-guards.ts";
import { settleStack } from "../entry/settle-stack.ts";
import { noStack, refuseForeign } from "../entry/stack-of-record.ts";
import { specInState } from "../entry/state-spec.ts";
import { prepareEnvironment } from "./environment.ts";
import { forgetStack } from "./renamed-stacks.ts";

/** An entry, and the two stacks between which it moves. After a crash both have it. */
export interface TwoStacks {
  readonly session: EngineSession;
  /** The stack of the entry alone. */
  readonly stack: StackName;
  readonly hasOwnStack: boolean;
  readonly inOwn: boolean;
  readonly inEnvironment: boolean;
  /** The URN of its component in the stack that has it; the environment's first. */
  readonly urn: string;
  /** The spec of its own stack. */
  readonly spec: EntrySpec;
}

/**
 * Takes over dead locks of both stacks, repairs their states, and searches for the entry.
 * @throws UserError if another command updates one of them, or if neither has the whole entry
 */
export async function findInStacks(
  context: EntryContext,
  record: StagingRecord,
  options: UpdateOptions,
): Promise<TwoStacks> {
  const { stagingId: id } = record;
  const session = await openSession(context);
  const { environmentProject, entryProject, settings } = session;
  const stack = entryStackName(settings.name, id);
  await prepareEnvironment(context, options);
  const own = await settleStack(context, entryProject, stack, id, "adopt", options);
  const ofEnvironment = await readState(environmentProject, settings.name);
  if (ofEnvironment.resources.length === 0) {
    throw new InputError(`environment ${settings.name} has no resources`, {
      fix: commandLine("spawn environment up", settings.name),
    });
  }
  const [inOwn, inEnvironment] = [own.resources, ofEnvironment.resources].map((all) =>
    idsIn(all).includes(id),
  );
  if (!inOwn && !inEnvironment) throw await noStack(context, entryProject, record);
  const resources = inEnvironment
    ? ofEnvironment.resources.filter(({ urn }) => urn.includes(id))
    : own.resources;
  refuseForeign(resources, record, settings.name, { isRepair: false });
  const { regions, destination, ttl, sweepId, allowAccounts } = record;
  return {
    ...{
      session,
      stack,
      hasOwnStack: own.exists,
      inOwn: inOwn === true,
      inEnvironment: inEnvironment === true,
    },
    urn: componentOf(resources, id, settings.name),
    spec: specInState(resources, id, { regions, destination, ttl, sweepId, allowAccounts }, settings.name),
  };
}

function componentOf(resources: readonly StateResource[], id: StagingId, environment: string): string {
  const found = resources.find(({ type, urn }) => type === STAGING_ENTRY && urn.endsWith(`::${id}`));
  if (found !== undefined) return found.urn;
  throw new UserError(`the state of ${id} does not hold its component`, {
    why: "It was removed from the state by hand (pulumi state delete).",
    fix: `${commandLine(`spawn stage delete ${id}`, environment)}, then stage the data again`,
  });
}

/** Removes the stack of the entry alone, and its settings file. Changes no resource. */
export async function removeOwnStack(
  { environmentName }: Pick<Context, "environmentName">,
  { session, stack }: Pick<TwoStacks, "session" | "stack">,
): Promise<void> {
  const { entryProject } = session;
  if (!(await forgetStack(entryProject, stack))) {
    throw new UserError(`the stack ${stack} could not be removed`, {
      why: `Another command may use it. The stack ${environmentName} has its resources, too.`,
      fix: "Run the same command again.",
    });
  }
  await rm(settingsFile(entryProject.project, stack), { force: true });
}
