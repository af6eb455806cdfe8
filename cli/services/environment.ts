import { InputError, type UserError } from "../../staging/errors.ts";
import { commandLine } from "../command-line.ts";
import type { Context } from "../context.ts";
import { createStack } from "../engine/new-stack.ts";
import { type EngineSession, openSession } from "../engine/session.ts";
import { listStacks, readOutputs } from "../engine/stacks.ts";
import { runUpdate, type UpdateOptions, type UpdateResult } from "../engine/update.ts";
import { listRecordPages } from "./records.ts";

/** Brings the environment's stack, with the entries that it declares, to what `Pulumi.<environment>.yaml` says. */
export const environmentUp = (context: Context, options: UpdateOptions): Promise<UpdateResult> =>
  runProgram(context, "up", options);

/** What {@link environmentUp} would change. */
export const environmentPreview = (context: Context, options: UpdateOptions): Promise<UpdateResult> =>
  runProgram(context, "preview", options);

async function runProgram(
  context: Context,
  kind: "up" | "preview",
  options: UpdateOptions,
): Promise<UpdateResult> {
  const [session, config] = await Promise.all([openSession(context), context.environment()]);
  // Loaded here and not with the file, which commands share that run no program: Pulumi's SDK takes long to load.
  const [{ environmentProgram }] = await Promise.all([
    import("../../stacks/environment.ts"),
    createStack(session.environmentProject, session.settings.name),
  ]);
  const operation = { kind, program: environmentProgram(config) };
  return await runUpdate(session.environmentProject, session.settings.name, operation, options);
}

/**
 * Deletes the environment: tables, buckets, rules, role. The stack itself stays, empty, since removing it would delete
 * `Pulumi.<environment>.yaml` too.
 * @throws InputError while there are entries in it; it names them
 */
export async function environmentDestroy(context: Context, options: UpdateOptions): Promise<UpdateResult> {
  const session = await openSession(context);
  await refuseWithEntries(context, session);
  return await runUpdate(
    session.environmentProject,
    session.settings.name,
    { kind: "destroy", remove: false },
    options,
  );
}

/** The times, by region, from which buckets may be written: on AWS, where versioning needs time to settle. */
export async function writableTimes(
  session: EngineSession,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (session.settings.cloud === "local") return undefined;
  const outputs = await readOutputs(session.environmentProject, session.settings.name);
  return outputs["writableAt"] as Readonly<Record<string, string>> | undefined;
}

/** Ids of the environment's entries that have a stack of their own, finished or not. */
export async function entryStacks(session: EngineSession): Promise<string[]> {
  const prefix = `${session.settings.name}.`;
  const names = await listStacks(session.entryProject);
  return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

async function refuseWithEntries(context: Context, session: EngineSession): Promise<void> {
  const [stacks, recorded] = await Promise.all([entryStacks(session), recordedIds(context)]);
  const ids = [...new Set([...stacks, ...recorded.map(({ id }) => id)])];
  if (ids.length === 0) return;
  const shown = ids.slice(0, 5).join(", ") + (ids.length > 5 ? `, and ${ids.length - 5} more` : "");
  const { name } = session.settings;
  throw new InputError(
    `environment ${name} still has ${ids.length === 1 ? "an entry" : `${ids.length} entries`}`,
    { why: `Their data would be lost: ${shown}.`, fix: howToEmpty(name, ids, recorded) },
  );
}

type RecordedId = { readonly id: string; readonly declaredAs: string | undefined };

/** Declared entries go by an edit of the file, all others by a command. */
function howToEmpty(name: string, ids: readonly string[], recorded: readonly RecordedId[]): string {
  const declared = recorded.filter(({ declaredAs }) => declaredAs !== undefined);
  const [other] = ids.filter((id) => !declared.some((entry) => entry.id === id));
  const items = declared.map(({ declaredAs }) => declaredAs).join(", ");
  return [
    declared.length === 0
      ? []
      : `Remove ${items} from spawn:entries in Pulumi.${name}.yaml, then run: ${commandLine("spawn environment up", name)}`,
    other === undefined
      ? []
      : `${commandLine(`spawn stage delete ${other} --yes`, name)}${ids.length - declared.length > 1 ? ", and so on for each of them" : ""}`,
  ]
    .flat()
    .join("; ");
}

/** Ids in the records table; none where there is no table. @throws UserError for a record that cannot be read */
async function recordedIds(context: Context): Promise<RecordedId[]> {
  const fail = (error: UserError): never => {
    throw error;
  };
  const ids: RecordedId[] = [];
  try {
    for await (const page of listRecordPages(await context.tables(), {}, fail)) {
      ids.push(...page.map(({ stagingId, declaredAs }) => ({ id: stagingId, declaredAs })));
    }
  } catch (error) {
    if (!(error instanceof Error && error.name === "ResourceNotFoundException")) throw error;
  }
  return ids;
}
