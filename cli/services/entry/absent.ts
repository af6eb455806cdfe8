import { entryStackName } from "../../../staging/entry.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { RECORD_TYPE } from "../../../staging/resources/tokens.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { expiresAt } from "../../../staging/ttl.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import { openSession } from "../../engine/session.ts";
import { readState } from "../../engine/state.ts";
import { idsIn } from "./delete-guards.ts";
import { findRecord } from "./records.ts";
import { findRemains } from "./remains/find.ts";
import { type EntryRemains, holdsAnything } from "./remains/remains.ts";
import { recordInState } from "./state-record.ts";
import { isBeingUploaded, readUnfinished } from "./upload/unfinished.ts";

/** The record of a whole entry. @throws InputError that describes what exists instead, with the command for it */
export async function requireRecord(context: EntryContext, id: StagingId): Promise<StagingRecord> {
  const record = await findRecord(await context.tables(), id);
  if (record !== undefined) return record;
  throw await absentEntry(context, id);
}

/**
 * The error for an ID without a record: it describes what this machine, the backend and AWS have of it, with the command for that.
 * @param nothing makes the error if they have nothing
 */
export async function absentEntry(
  context: EntryContext,
  id: StagingId,
  nothing: (context: Pick<Context, "environmentName">, id: StagingId) => InputError = noEntry,
): Promise<InputError> {
  const { environmentName: environment } = context;
  const stack = entryStackName(environment, id);
  const remove = commandLine(`spawn stage delete ${id} --yes`, environment);
  const unfinished = await readUnfinished(stack);
  if (unfinished?.deleting === true) {
    return new InputError(`the deletion of ${id} has begun and did not end`, {
      why: "Its record is deleted; some of its data may still exist.",
      fix: remove,
    });
  }
  if (unfinished !== undefined) {
    const running = await isBeingUploaded(unfinished, stack, context);
    return new InputError(`the upload of ${id} has not ended`, {
      why: running ? `Process ${unfinished.pid} is uploading it.` : "It was interrupted.",
      fix: commandLine(running ? "spawn stage list --incomplete" : `spawn stage resume ${id}`, environment),
    });
  }
  const { entryProject, environmentProject } = await openSession(context);
  const [state, ofEnvironment, remains] = await Promise.all([
    readState(entryProject, stack),
    readState(environmentProject, environment),
    findRemains(context, id),
  ]);
  if (idsIn(ofEnvironment.resources).includes(id)) {
    return new InputError(`${id} has no record`, {
      why: `It has expired, or its record was deleted by hand; it is declared in Pulumi.${environment}.yaml.`,
      fix: commandLine("spawn environment up", environment),
    });
  }
  const record = await recordInState(context, state.resources, id);
  if (record !== undefined && expiresAt(record.uploadedAt, record.ttl) > serverClock.now()) {
    return new InputError(`${id} has no record`, {
      why: `It was deleted by hand; the stack ${stack} exists.`,
      fix: commandLine(`spawn stage repair ${id}`, environment),
    });
  }
  if (state.exists) {
    const wasWhole = state.resources.some(({ type }) => type === RECORD_TYPE);
    return new InputError(`${id} has no record`, {
      why: wasWhole
        ? `It has expired, or its record was deleted by hand; its stack ${stack} exists.`
        : `Its stack ${stack} exists: an upload or a deletion of it did not end.`,
      fix: remove,
    });
  }
  if (!holdsAnything(remains) && remains.unknown.length === 0) return nothing(context, id);
  return new InputError(`${id} has no record and no stack`, { why: whatIsLeft(remains), fix: remove });
}

function whatIsLeft({ places, accessPoints, unknown }: EntryRemains): string {
  const [first] = unknown;
  if (places.length > 0) return `There are still data in ${places.map(({ bucket }) => bucket).join(", ")}.`;
  if (accessPoints.length > 0) return "There are still access points of it.";
  return first === undefined ? "Its usage row is still open." : `${first.message}.`;
}

/** The error for an id without any data, record or stack. */
export function noEntry({ environmentName }: Pick<Context, "environmentName">, id: StagingId): InputError {
  return new InputError(`there is no staging entry ${id} in environment ${environmentName}`, {
    why: "It was deleted, has expired, or belongs to another environment.",
    fix: commandLine("spawn stage list", environmentName),
  });
}
