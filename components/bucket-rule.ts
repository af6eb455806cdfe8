import type { BucketRule } from "../staging/resources.ts";

/** A rule of a bucket, in Pulumi's spelling (`deleteMarkerReplication`), as S3's API spells it (`DeleteMarkerReplication`). */
export const asBucketRule = (rule: object): BucketRule =>
  Object.fromEntries(
    Object.entries(rule).map(([name, value]) => [inApi(name), isObject(value) ? asBucketRule(value) : value]),
  );

const inApi = (name: string): string =>
  name === "id" ? "ID" : `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
