import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { errorName } from "../../../connection/errors/failure.ts";
import { idsOf } from "../../../staging/entry.ts";
import { InputError } from "../../../staging/errors.ts";
import { ID_PREFIX, isStagingId, type StagingId } from "../../../staging/ids.ts";
import { RECORD_KEY } from "../../../staging/record.ts";
import { isSweepId } from "../../../staging/sweep/id.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import type { EngineSession } from "../../engine/session.ts";
import { listStacks } from "../../engine/stacks.ts";
import { readStateOrBackup } from "../../engine/state.ts";
import { folderIds, openUploads } from "../cleanup/places.ts";
import { itemPages } from "../common/items.ts";
import { idsIn } from "../entry/delete-guards.ts";
import type { Tables } from "../entry/records.ts";
import { itemsOf } from "./held.ts";

/** The entries of an environment, by the command that removes them. */
interface EnvironmentEntries {
  /** Entries that `stage delete` removes. */
  readonly deletable: readonly StagingId[];
  /** Names of the items of `spawn:entries` that are staged. */
  readonly declared: readonly string[];
  /** Staged entries of the environment's stack that its file no longer declares: an update removes them. */
  readonly undeclared: readonly StagingId[];
}

/**
 * Searches for entries in records, also corrupt ones, in stacks of any name, and in the buckets. Entries that only the environment's own
 * stack has are left out: they are deleted with that stack.
 */
export async function findEnvironmentEntries(
  context: Pick<Context, "environment" | "s3" | "store" | "settings" | "tables">,
  session: EngineSession,
): Promise<EnvironmentEntries> {
  const { name } = session.settings;
  const [{ entries }, own, stacked, recorded, stored] = await Promise.all([
    context.environment(),
    readStateOrBackup(session.environmentProject, name),
    idsOfStacks(session),
    context.tables().then(recordedIds),
    idsInBuckets(context),
  ]);
  const items = new Map<string, string>([
    ...entries.flatMap((entry) => idsOf(entry).map((id) => [id, entry.declaredAs ?? ""] as const)),
    ...itemsOf(name, entries, own.resources),
  ]);
  const inState = new Set(idsIn(own.resources));
  const declared = recorded.flatMap((id) => items.get(id) ?? []);
  const undeclared = recorded.filter((id) => inState.has(id) && !items.has(id));
  const deletable = [...new Set([...stacked, ...recorded, ...stored])].filter(
    (id) => !items.has(id) && !inState.has(id),
  );
  return { deletable: deletable.sort(), declared, undeclared };
}

/** Maximum number of IDs in one command line. */
const IN_ONE_COMMAND = 20;

/** @throws InputError if the environment has entries; it names them and the command that removes them */
export async function refuseWithEntries(
  context: Pick<Context, "environment" | "s3" | "store" | "settings" | "tables">,
  session: EngineSession,
): Promise<void> {
  const { deletable, declared, undeclared } = await findEnvironmentEntries(context, session);
  const names = [...declared, ...undeclared, ...deletable];
  if (names.length === 0) return;
  const { name } = session.settings;
  const shown = names.slice(0, 5).join(", ") + (names.length > 5 ? `, and ${names.length - 5} more` : "");
  const up = commandLine("spawn environment up", name);
  const batch = deletable.slice(0, IN_ONE_COMMAND).join(" ");
  const remove = commandLine(`spawn stage delete ${batch} --yes`, name);
  throw new InputError(
    `environment ${name} still has ${names.length === 1 ? "an entry" : `${names.length} entries`}`,
    {
      why: `The data would be lost: ${shown}.`,
      fix: [
        ...(declared.length === 0
          ? []
          : [`Remove ${declared.join(", ")} from spawn:entries in Pulumi.${name}.yaml, then run: ${up}`]),
        ...(declared.length === 0 && undeclared.length > 0 ? [up] : []),
        ...(deletable.length === 0 ? [] : [remove]),
      ].join("; "),
    },
  );
}

/** Entries in stacks of the environment, by the stacks' names and by their resources, because a stack can be renamed. */
async function idsOfStacks({ entryProject, settings }: EngineSession): Promise<StagingId[]> {
  const prefix = `${settings.name}.`;
  const stacks = (await listStacks(entryProject)).filter((stack) => stack.startsWith(prefix));
  const found = await Promise.all(
    stacks.map(async (stack) => {
      const id = stack.slice(prefix.length);
      if (isStagingId(id)) return [id];
      if (isSweepId(id)) return [];
      // A renamed stack has its entries in its resources.
      const { resources } = await readStateOrBackup(entryProject, stack);
      return idsIn(resources);
    }),
  );
  return found.flat();
}

/** IDs in the records table, also of corrupt records; none without a table. */
async function recordedIds({ client, settings }: Tables): Promise<StagingId[]> {
  const pages = itemPages((start) =>
    client.send(
      new ScanCommand({
        TableName: settings.recordsTable,
        ProjectionExpression: "#id",
        ExpressionAttributeNames: { "#id": RECORD_KEY },
        ConsistentRead: true,
        ...start,
      }),
    ),
  );
  const ids: string[] = [];
  try {
    for await (const page of pages) ids.push(...page.map((item) => item[RECORD_KEY]?.S ?? ""));
  } catch (error) {
    if (errorName(error) !== "ResourceNotFoundException") throw error;
  }
  return ids.filter(isStagingId);
}

async function idsInBuckets(context: Pick<Context, "settings" | "store">): Promise<StagingId[]> {
  const { buckets } = await context.settings();
  const found = await Promise.all(
    [...buckets].map(async ([region, name]) => {
      const store = await context.store(region);
      const ids = new Set<StagingId>();
      try {
        // The delimiter gives one line per entry that has a version or a delete marker.
        const folders = store.listVersionPrefixes({ bucket: name, prefix: ID_PREFIX, delimiter: "/" });
        for await (const id of folderIds(folders, isStagingId)) ids.add(id);
        for await (const { id } of openUploads({ store, region, name, isOwn: true })) ids.add(id);
      } catch (error) {
        if (errorName(error) !== "NoSuchBucket") throw error;
      }
      return [...ids];
    }),
  );
  return found.flat();
}
