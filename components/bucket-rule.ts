import type { BucketRule } from "../staging/resources/bucket-rules.ts";

/** Converts a bucket's rule from Pulumi's spelling (`deleteMarkerReplication`) to that of S3's API (`DeleteMarkerReplication`). */
export const asBucketRule = (rule: object): BucketRule =>
  Object.fromEntries(
    Object.entries(rule).map(([name, value]) => [
      apiName(name),
      isObject(value) ? asBucketRule(value) : value,
    ]),
  );

const apiName = (name: string): string =>
  name === "id" ? "ID" : `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
