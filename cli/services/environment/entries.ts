import { ScanCommand, type ScanCommandOutput } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import { errorName } from "../../../connection/errors/failure.ts";
import { storeOf } from "../../../provider/store/store-of.ts";
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
import { openUploads } from "../cleanup/places.ts";
import { idsIn } from "../entry/delete-guards.ts";
import type { Tables } from "../entry/records.ts";

/** What is still in an environment, by the command that removes it. */
export interface EnvironmentEntries {
  /** Entries that `stage delete` removes. */
  readonly deletable: readonly StagingId[];
  /** Names of the items of `spawn:entries` that are staged. */
  readonly declared: readonly string[];
  /** Whether the environment's stack has staged entries that its file declares no more: an update removes them. */
  readonly undeclared: readonly StagingId[];
}

/**
 * Looks for entries in every place that can have some: records, readable or not, stacks, whatever their names, and the buckets
 * themselves. What only the environment's own stack has is left out: it goes with that stack.
 */
export async function findEnvironmentEntries(
  context: Pick<Context, "environment" | "s3" | "settings" | "tables">,
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
  const items = new Map(
    entries.flatMap((entry) => idsOf(entry).map((id) => [id, entry.declaredAs ?? ""] as const)),
  );
  const inState = new Set(idsIn(own.resources));
  const declared = recorded.flatMap((id) => items.get(id) ?? []);
  const undeclared = recorded.filter((id) => inState.has(id) && !items.has(id));
  const deletable = [...new Set([...stacked, ...recorded, ...stored])].filter(
    (id) => !items.has(id) && !inState.has(id),
  );
  return { deletable: deletable.sort(), declared, undeclared };
}

/** Ids that one command line takes. */
const IN_ONE_COMMAND = 20;

/** @throws InputError while there are entries in the environment; it names them, and a command that removes them */
export async function refuseWithEntries(
  context: Pick<Context, "environment" | "s3" | "settings" | "tables">,
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
      why: `Their data would be lost: ${shown}.`,
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

/** Entries that stacks of the environment hold, by their names and by what is in them: a stack can be renamed. */
async function idsOfStacks({ entryProject, settings }: EngineSession): Promise<StagingId[]> {
  const prefix = `${settings.name}.`;
  const stacks = (await listStacks(entryProject)).filter((stack) => stack.startsWith(prefix));
  const found = await Promise.all(
    stacks.map(async (stack) => {
      const id = stack.slice(prefix.length);
      if (isStagingId(id)) return [id];
      if (isSweepId(id)) return [];
      // Of another name: only where it holds entries that exist, which the records and the buckets tell as well.
      const { resources } = await readStateOrBackup(entryProject, stack);
      return idsIn(resources);
    }),
  );
  return found.flat();
}

/** Ids in the records table, also of records that cannot be read; none where there is no table. */
async function recordedIds({ client, settings }: Tables): Promise<StagingId[]> {
  const ids: StagingId[] = [];
  let start: ScanCommandOutput["LastEvaluatedKey"];
  do {
    const page: ScanCommandOutput = await client
      .send(
        new ScanCommand({
          TableName: settings.recordsTable,
          ProjectionExpression: "#id",
          ExpressionAttributeNames: { "#id": RECORD_KEY },
          ConsistentRead: true,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      )
      .catch((error: unknown): ScanCommandOutput => {
        if (errorName(error) === "ResourceNotFoundException") return { $metadata: {} };
        throw error;
      });
    for (const item of page.Items ?? []) {
      const id = item[RECORD_KEY]?.S ?? "";
      if (isStagingId(id)) ids.push(id);
    }
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return ids;
}

async function idsInBuckets(context: Pick<Context, "s3" | "settings">): Promise<StagingId[]> {
  const { buckets } = await context.settings();
  const found = await Promise.all(
    [...buckets].map(async ([region, name]) => {
      const client = await context.s3(region);
      const ids = new Set<StagingId>();
      try {
        for await (const id of idsWithVersions(client, name)) ids.add(id);
        for await (const { id } of openUploads({ client, region, name, isOwn: true })) ids.add(id);
      } catch (error) {
        if (errorName(error) !== "NoSuchBucket") throw error;
      }
      return [...ids];
    }),
  );
  return found.flat();
}

/** Entries that have a version or a delete marker in the bucket. Folded at the slash: one line for each entry. */
async function* idsWithVersions(client: S3Client, bucket: string): AsyncGenerator<StagingId> {
  const folders = { bucket, prefix: ID_PREFIX, delimiter: "/" };
  for await (const prefix of storeOf(client).listVersionPrefixes(folders)) {
    const id = prefix.slice(0, -1);
    if (isStagingId(id)) yield id;
  }
}
