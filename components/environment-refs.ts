import type { Input, Resource } from "@pulumi/pulumi";
import type { EnvironmentSettings } from "../staging/environment.ts";

/** Properties of an entry's environment, which may be in another stack. */
export interface EnvironmentRefs {
  /** The environment's regions and the names of its buckets and tables. */
  settings: EnvironmentSettings;
  /**
   * ISO time, by region, from which the bucket is writable. A missing region is writable now.
   * @default every bucket is writable
   * @example { "us-east-1": "2024-01-22T10:45:00Z" }
   */
  writableAt?: Input<Readonly<Record<string, string>>>;
  /**
   * Resources of the environment in the same stack: created before the entry's data and deleted after them.
   * @default none: the environment has its own stack
   */
  dependsOn?: Input<Resource>[];
}
