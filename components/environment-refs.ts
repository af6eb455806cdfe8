import type { Input, Resource } from "@pulumi/pulumi";
import type { EnvironmentSettings } from "../staging/environment.ts";

/** What an entry needs to know of its environment, which may be in another stack. */
export interface EnvironmentRefs {
  /** The environment's regions and the names of its buckets and tables. */
  settings: EnvironmentSettings;
  /**
   * ISO time, by region, from which the bucket may be written. Regions that are missing may be written now.
   * @default every bucket may be written
   * @example { "us-east-1": "2024-01-22T10:45:00Z" }
   */
  writableAt?: Input<Readonly<Record<string, string>>>;
  /**
   * Resources of the environment in the same stack: made before the entry's data and deleted after them.
   * @default none: the environment has a stack of its own
   */
  dependsOn?: Input<Resource>[];
}
