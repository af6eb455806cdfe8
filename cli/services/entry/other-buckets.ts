import type { EntrySettings } from "../../../stacks/entry-settings.ts";
import { entryStackName } from "../../../staging/entry.ts";
import type { StagingId } from "../../../staging/ids.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { disagreementOf, type OtherBuckets } from "../../../staging/record-names.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import { readStateOrBackup } from "../../engine/state.ts";
import { entrySettingsHere } from "./entry-settings.ts";

/**
 * Buckets that can hold an entry beside those of the environment's settings: the buckets in the entry's settings file on this machine
 * and in its stack's state. The user controls both, in contrast to the records table.
 */
export async function otherBuckets(
  context: SessionSource & { readonly environmentName: string },
  record: StagingRecord,
): Promise<OtherBuckets> {
  const { stagingId: id, declaredAs } = record;
  const found = new Map<string, Set<string>>();
  const add = (region: string, bucket: string): void => {
    found.set(region, (found.get(region) ?? new Set()).add(bucket));
  };
  const { environmentName: environment } = context;
  const local = await localSettings(environment, id);
  for (const [region, bucket] of local?.environment.buckets ?? []) add(region, bucket);
  // If the settings file explains the record, no engine is needed.
  if (disagreementOf(record, await context.settings(), found) === undefined) return found;
  const { entryProject, environmentProject } = await openSession(context);
  const { resources } =
    declaredAs === undefined
      ? await readStateOrBackup(entryProject, entryStackName(environment, id))
      : await readStateOrBackup(environmentProject, environment);
  for (const { inputs = {} } of resources) {
    const { stagingId, region, bucket } = inputs;
    if (stagingId === id && typeof region === "string" && typeof bucket === "string") add(region, bucket);
  }
  return found;
}

/** The settings file of an entry on this machine; undefined if it is missing, unreadable or another entry's. */
export async function localSettings(environment: string, id: StagingId): Promise<EntrySettings | undefined> {
  const settings = await entrySettingsHere(entryStackName(environment, id));
  return settings?.spec.id === id && settings.environment.name === environment ? settings : undefined;
}
