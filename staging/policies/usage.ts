import { DOWNLOAD_COUNT, INSTANCE_COUNT, INSTANCES_IN_PREFIX, USAGE_KEY } from "../usage.ts";
import { allow, type Condition, type Statement } from "./document.ts";
import type { Places } from "./places.ts";

/**
 * Limits an update of a usage row to its counters; its other attributes are not readable either.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 * @param regions in which instances are counted
 * @param rows IDs of entries. @default those of every entry
 */
export const counterCondition = (regions: readonly string[], rows?: readonly string[]): Condition => ({
  "ForAllValues:StringEquals": {
    ...(rows === undefined ? {} : { "dynamodb:LeadingKeys": rows }),
    "dynamodb:Attributes": [
      ...[USAGE_KEY, INSTANCE_COUNT, DOWNLOAD_COUNT],
      ...regions.map((region) => `${INSTANCES_IN_PREFIX}${region}`),
    ],
  },
  StringEqualsIfExists: { "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"] },
});

/** Counts of downloads and instances in the usage rows of all entries. */
export const countDownloads = ({ tables }: Places, regions: readonly string[]): Statement =>
  allow("CountDownloads", ["dynamodb:UpdateItem"], tables.usage, counterCondition(regions));
