import type { EnvironmentFacts } from "../resources/environment-facts.ts";

/** A resource of an environment that is missing in AWS. */
export interface Missing {
  readonly what: "table" | "bucket" | "role" | "role policy" | "settings of bucket";
  readonly name: string;
  readonly region?: string;
  /** The missing settings of an existing bucket. */
  readonly settings?: readonly string[];
}

/** The missing tables, buckets, roles and checked settings of an environment. */
export function missingOf({ tables, buckets, role }: EnvironmentFacts): Missing[] {
  const hasReplication = role !== undefined;
  return [
    ...tables
      .filter(({ exists }) => !exists)
      .map(({ name, region }): Missing => ({ what: "table", name, region })),
    ...buckets
      .filter(({ state }) => state === "none")
      .map(({ name, region }): Missing => ({ what: "bucket", name, region })),
    ...buckets.flatMap(({ name, region, lacks = [] }): Missing[] => {
      const settings = lacks.filter((setting) => !setting.startsWith("replication") || hasReplication);
      return settings.length === 0 ? [] : [{ what: "settings of bucket", name, region, settings }];
    }),
    ...(role !== undefined && !role.exists ? [{ what: "role", name: role.name } as const] : []),
    ...(role?.lacksPolicy ? [{ what: "role policy", name: role.name } as const] : []),
  ];
}

/** `the table spawn-staging-dev in us-east-1` */
export function describeMissing({ what, name, region, settings }: Missing): string {
  const where = region === undefined ? "" : ` in ${region}`;
  if (settings !== undefined) return `the ${settings.join(", ")} of the bucket ${name}${where}`;
  return `the ${what} ${name}${where}`;
}
