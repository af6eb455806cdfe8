import { entryStackName } from "../../../staging/entry.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { RECORD_TYPE } from "../../../staging/resources/tokens.ts";
import { shellPath, shellQuoted } from "../../../staging/shell.ts";
import { commandLine, engineShell } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { fullStackName } from "../../engine/backend.ts";
import type { EngineSettings } from "../../engine/process.ts";
import type { StateResource } from "../../engine/state.ts";
import { findRenamed } from "../environment/renamed-stacks.ts";
import { idsIn, renamedError } from "./delete-guards.ts";

/** The error for an entry that has a record and no stack in the backend; it names the renamed stack, if there is one. */
export async function noStack(
  { environmentName: environment }: Pick<Context, "environmentName">,
  project: EngineSettings,
  { stagingId: id }: { readonly stagingId: StagingId },
): Promise<UserError> {
  const own = entryStackName(environment, id);
  const [renamed] = await findRenamed(project, id, own);
  if (renamed !== undefined) {
    const { stack } = renamed;
    return new UserError(`the stack ${own}, which holds ${id}, was renamed to ${stack}`, {
      fix: `${engineShell(environment)}; pulumi stack rename ${own} --cwd ${shellPath(project.project)} --stack ${shellQuoted(fullStackName(stack))}`,
    });
  }
  return new UserError(`there is no stack ${own}, which holds ${id}`, {
    why: "Its state was deleted, and the entry can only be removed and staged again; or it is in another backend, which PULUMI_BACKEND_URL has to name.",
    fix: commandLine(`spawn stage delete ${id} --yes`, environment),
  });
}

/**
 * @param options.isRepair whether the update writes the record again, so that the state need not have it
 * @throws UserError if the stack's state belongs to another entry or lacks the record: an update would fail half way
 */
export function refuseForeign(
  resources: readonly StateResource[],
  { stagingId: id }: { readonly stagingId: StagingId },
  environment: string,
  { isRepair }: { readonly isRepair: boolean },
): void {
  const other = idsIn(resources).find((found) => found !== id);
  if (other !== undefined) throw renamedError(entryStackName(environment, id), id, other, environment);
  if (isRepair || resources.some(({ type }) => type === RECORD_TYPE)) return;
  throw new UserError(`the state of ${id} does not hold its record`, {
    code: "cannot-complete",
    why: "It was removed from the state by hand (pulumi state delete). The entry can only be deleted and staged again.",
    fix: commandLine(`spawn stage delete ${id} --yes`, environment),
  });
}
