import { type EnvironmentSettings, settingsFileName } from "../environment.ts";
import { InputError } from "../errors.ts";
import type { Region } from "../regions.ts";
import { bucketKey, type Held, type HeldBucket, tablesOf } from "./names.ts";

/**
 * A change of settings never replaces or deletes a table, or a bucket with data: the engine would delete the old one.
 * So each such change is refused before the engine compares resources.
 */

/** @throws InputError if a table of the stack would get another name or region, or the environment another cloud */
export function refuseMovedTables(settings: EnvironmentSettings, held: Held): void {
  const inStack = held.tables.length + held.buckets.length > 0;
  if (inStack && held.cloud !== undefined && held.cloud !== settings.cloud) {
    throw new InputError(
      `spawn:cloud cannot change from ${held.cloud} to ${settings.cloud}: environment ${settings.name} already exists`,
      {
        why: "Its tables and buckets would stay, and the stack would lose track of them.",
        fix: `Set spawn:cloud: ${held.cloud} in ${settingsFileName(settings.name)}. For the other cloud, write another file: Pulumi.<name>.yaml`,
      },
    );
  }
  for (const table of held.tables) {
    if (table.region !== settings.tableRegion) {
      const { tableRegion: key } = settings.keys;
      throw new InputError(
        `${key} would move the tables of environment ${settings.name} from ${table.region} to ${settings.tableRegion}`,
        {
          why: `Tables cannot be moved: new ones would be created, and ${table.name} deleted with all its content.`,
          fix: `Set spawn:tableRegion: ${table.region} in ${settingsFileName(settings.name)}. ${onPurpose(settings)}`,
        },
      );
    }
    const now = tablesOf(settings).find(({ role }) => role === table.role);
    if (now !== undefined && now.name !== table.name) {
      throw new InputError(`${now.key} would rename the table ${table.name} to ${now.name}`, {
        why: `A table cannot be renamed: a new one would be created, and ${table.name} deleted with all its content.`,
        fix: `Set spawn:${table.role}Table: ${table.name} in ${settingsFileName(settings.name)}. ${onPurpose(settings)}`,
      });
    }
  }
}

/** Buckets of the stack that the settings no longer name in that region. */
export const leftBuckets = (settings: EnvironmentSettings, held: Held): HeldBucket[] =>
  held.buckets.filter(({ region, name }) => settings.buckets.get(region as Region) !== name);

/**
 * @param inUse whether an abandoned bucket holds data
 * @throws InputError if a bucket with data would be abandoned, or if a bucket would change between adopted and
 * created by spawn
 */
export function refuseMovedBuckets(
  settings: EnvironmentSettings,
  held: Held,
  inUse: (bucket: HeldBucket) => boolean,
): void {
  for (const bucket of leftBuckets(settings, held)) {
    if (!inUse(bucket)) continue;
    const region = bucket.region as Region;
    const now = settings.buckets.get(region);
    if (now === undefined) {
      throw new InputError(
        `spawn:regions leaves out ${region}, where the bucket ${bucket.name} still holds data`,
        {
          why: "The bucket, or spawn's rules in it, would be deleted.",
          fix: `Add ${region} to spawn:regions in ${settingsFileName(settings.name)} again. To leave it on purpose, first move or delete its entries: spawn stage list --region ${region} --environment ${settings.name}`,
        },
      );
    }
    const key = bucketKey(settings, region);
    throw new InputError(
      `${key} would replace the bucket ${bucket.name} in ${region} by ${now}, and it holds data`,
      {
        why: "A bucket cannot be renamed: a new one would be created, and the old one deleted.",
        fix: `${key.startsWith("staging.") ? `spawn config unset ${key.split(" ")[0]} --environment ${settings.name}` : `Set spawn:buckets: { ${region}: ${bucket.name} } in ${settingsFileName(settings.name)}, or take back the change of ${key}`}. To change it on purpose, first delete its entries: spawn stage list --region ${region} --environment ${settings.name}`,
      },
    );
  }
  for (const { region, name, adopted } of held.buckets) {
    const isSame = settings.buckets.get(region as Region) === name;
    if (!isSame || settings.adopted.has(region as Region) === adopted) continue;
    throw adopted
      ? new InputError(`spawn:adopt leaves out ${region}, whose bucket ${name} you created`, {
          why: "spawn would delete it with the environment, like its own buckets.",
          fix: `Add ${region} to spawn:adopt in ${settingsFileName(settings.name)} again.`,
        })
      : new InputError(`spawn:adopt names ${region}, whose bucket ${name} spawn created`, {
          why: "Only a bucket that you created can be adopted.",
          fix: `Remove ${region} from spawn:adopt in ${settingsFileName(settings.name)}.`,
        });
  }
}

/** The safe way to change a table: a new environment beside the old one loses no data. */
const onPurpose = ({ name }: EnvironmentSettings): string =>
  `To change it on purpose: delete all entries, with the old value run spawn environment destroy --environment ${name}, then change it and run spawn environment up --environment ${name}`;
