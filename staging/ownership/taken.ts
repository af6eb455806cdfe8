import type { EnvironmentSettings } from "../environment.ts";
import { replicationRoleName } from "../environment.ts";
import { InputError } from "../errors.ts";
import type { Region } from "../regions.ts";
import type { BucketFact, EnvironmentFacts, TableFact } from "../resources/environment-facts.ts";
import { refuseForeignBucket } from "./account.ts";
import { bucketKey, describeOwner, type Held, isOwnedByAnother, tablesOf } from "./names.ts";

/** Resources that an environment's program adopts, because they exist in AWS and not in the state. */
export interface Adoptions {
  /** Names of tables. */
  readonly tables: ReadonlySet<string>;
  /** Names of buckets. */
  readonly buckets: ReadonlySet<string>;
  readonly role: boolean;
}

export const NO_ADOPTIONS: Adoptions = { tables: new Set(), buckets: new Set(), role: false };

/**
 * Decides about each name that exists in AWS: it is in the stack's state, or it carries this environment's tags and
 * is adopted, or it belongs to another owner and is refused. Without a known state nothing is adopted: the engine
 * would replace, and so delete, a resource that the state has under another ID.
 * @throws InputError that names the key to change
 */
export function adoptionsOf(settings: EnvironmentSettings, facts: EnvironmentFacts, held: Held): Adoptions {
  refuseOthers(settings, facts);
  const tables = facts.tables.filter(
    ({ exists, region, name }) =>
      exists && !held.tables.some((one) => one.name === name && one.region === region),
  );
  const buckets = facts.buckets.filter(
    ({ region, name, state }) =>
      state !== "none" &&
      !settings.adopted.has(region as Region) &&
      !held.buckets.some((one) => one.name === name && one.region === region),
  );
  for (const table of tables) refuseTakenTable(settings, table);
  for (const bucket of buckets) refuseTakenBucket(settings, bucket);
  if (!held.isKnown) return NO_ADOPTIONS;
  const isWhole = knowsItself(settings, facts, held);
  for (const table of tables) {
    if (table.owner.bucket === undefined && !isWhole)
      throw unproven(settings, `the table ${table.name}`, keyOfTable(settings, table), "bucket");
  }
  for (const bucket of buckets) {
    if (bucket.owner.recordsTable === undefined && !isWhole) {
      throw unproven(
        settings,
        `the bucket ${bucket.name}`,
        bucketKey(settings, bucket.region as Region),
        "table",
      );
    }
  }
  return {
    tables: new Set(tables.map(({ name }) => name)),
    buckets: new Set(buckets.map(({ name }) => name)),
    role: adoptsRole(settings, facts, held),
  };
}

/** @throws InputError if a bucket belongs to another account, or a table or bucket carries another environment's tags */
export function refuseOthers(
  settings: EnvironmentSettings,
  { tables, buckets, account }: Pick<EnvironmentFacts, "tables" | "buckets" | "account">,
): void {
  for (const bucket of buckets) refuseForeignBucket(settings, bucket, account);
  for (const table of tables) {
    if (isOwnedByAnother(settings, table.owner))
      throw others(settings, `the table ${table.name}`, keyOfTable(settings, table), table);
  }
  for (const bucket of buckets) {
    if (isOwnedByAnother(settings, bucket.owner)) {
      throw others(
        settings,
        `the bucket ${bucket.name}`,
        bucketKey(settings, bucket.region as Region),
        bucket,
      );
    }
  }
}

function others(
  settings: EnvironmentSettings,
  what: string,
  key: string,
  { owner }: Pick<TableFact, "owner">,
): InputError {
  return new InputError(`${key} names ${what}, which belongs to ${describeOwner(settings, owner)}`, {
    why: `Environment ${settings.name} would work on the other environment's data.`,
    fix: `Set ${key.split(" ")[0]} in Pulumi.${settings.name}.yaml to a name of its own, or work on the other one: --environment ${owner.environment}`,
  });
}

function refuseTakenTable(settings: EnvironmentSettings, table: TableFact): void {
  if (table.owner.environment !== undefined) return;
  throw new InputError(
    `${keyOfTable(settings, table)} names the table ${table.name} in ${table.region}, which already exists`,
    {
      why: "It carries no environment's tag: spawn did not create it.",
      fix: `Set ${keyOfTable(settings, table)} in Pulumi.${settings.name}.yaml to another name.`,
    },
  );
}

function refuseTakenBucket(settings: EnvironmentSettings, { name, region, state, owner }: BucketFact): void {
  if (owner.environment !== undefined) return;
  const key = bucketKey(settings, region as Region);
  const change = `Set ${key.split(" ")[0]} in Pulumi.${settings.name}.yaml to a name of your own`;
  throw new InputError(`${key} names the bucket ${name} in ${region}, which already exists`, {
    why:
      state === "denied"
        ? "It belongs to another account, or your credentials may not read it. Bucket names are global in AWS."
        : state === "elsewhere"
          ? "It is in another region. Bucket names are global in AWS."
          : "It carries no environment's tag: spawn did not create it.",
    fix: state === "there" ? `${change}, or use it as it is: add ${region} to spawn:adopt.` : `${change}.`,
  });
}

/** Whether tables and buckets of the environment confirm each other: another environment of this name lacks one kind. */
function knowsItself(settings: EnvironmentSettings, facts: EnvironmentFacts, held: Held): boolean {
  const hasTable =
    held.tables.length > 0 || facts.tables.some(({ owner }) => owner.environment === settings.name);
  const hasBucket =
    held.buckets.length > 0 ||
    facts.buckets.some(
      ({ region, owner, state }) =>
        owner.environment === settings.name || (state === "there" && settings.adopted.has(region as Region)),
    );
  return hasTable && hasBucket;
}

function unproven(
  settings: EnvironmentSettings,
  what: string,
  key: string,
  lacking: "bucket" | "table",
): InputError {
  return new InputError(`${key} names ${what}, which belongs to another environment ${settings.name}`, {
    why: `It carries the tag of an environment of this name, and there is no ${lacking} of this one: it was created with other settings.`,
    fix: `Set spawn:namePrefix in Pulumi.${settings.name}.yaml to a prefix of its own, or ${key.split(" ")[0]} to another name. If it remains from an interrupted creation, delete it first.`,
  });
}

function adoptsRole(settings: EnvironmentSettings, { role }: EnvironmentFacts, held: Held): boolean {
  if (role === undefined || !role.exists || role.denied || held.role === role.name) return false;
  const ours = new Set(settings.buckets.values());
  const isOurs =
    role.owner.environment === settings.name &&
    !isOwnedByAnother(settings, role.owner) &&
    (role.buckets.length === 0 || role.buckets.some((bucket) => ours.has(bucket)));
  if (isOurs) return true;
  throw new InputError(
    `spawn:namePrefix gives the IAM role ${replicationRoleName(settings)}, which already exists`,
    {
      why:
        role.owner.environment === undefined
          ? "It carries no environment's tag: spawn did not create it."
          : `It belongs to ${role.owner.environment === settings.name ? `another environment ${settings.name}, which replicates ${role.buckets[0] ?? role.owner.bucket}` : `environment ${role.owner.environment}`}.`,
      fix: `Set spawn:namePrefix in Pulumi.${settings.name}.yaml to a prefix of its own, such as ${suggestedPrefix(settings)}.`,
    },
  );
}

const suggestedPrefix = ({ namePrefix }: EnvironmentSettings): string => `${namePrefix.slice(0, 14)}-two`;

function keyOfTable(settings: EnvironmentSettings, { name }: Pick<TableFact, "name">): string {
  return tablesOf(settings).find((table) => table.name === name)?.key ?? "spawn:recordsTable";
}
