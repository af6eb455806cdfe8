import type { UserError } from "../../../../staging/errors.ts";
import type { StagingId } from "../../../../staging/ids.ts";
import type { Generation } from "../../../../staging/ledger.ts";
import type { StagingRecord } from "../../../../staging/record.ts";
import type { AccessPointName } from "../access-points.ts";
import type { BucketName } from "./buckets.ts";

/** Everything of one entry in AWS, found by its ID alone, without a stack or its state. */
export interface EntryRemains {
  readonly id: StagingId;
  /** The buckets that hold something of the entry; the others of the environment hold nothing. */
  readonly places: readonly BucketName[];
  /** `unreadable`: the table has an item of that ID that is malformed, or names what is not the entry's. */
  readonly record: StagingRecord | "unreadable" | undefined;
  /** The life that the usage row has open, so that `cost` counts it; undefined where no row is open. */
  readonly openGeneration: Generation | "unreadable" | undefined;
  readonly accessPoints: readonly AccessPointName[];
  /** Places that could not be searched. While there is one, the entry does not count as deleted. */
  readonly unknown: readonly UserError[];
}

/** Whether S3 holds anything of the entry, a delete marker or a part included. */
export const holdsData = ({ places }: Pick<EntryRemains, "places">): boolean => places.length > 0;

/** Whether anything of the entry is known to be there. */
export const holdsAnything = (remains: EntryRemains): boolean =>
  holdsData(remains) ||
  remains.record !== undefined ||
  remains.openGeneration !== undefined ||
  remains.accessPoints.length > 0;

/** Whether nothing is left in any bucket, table or access point, and every place was looked at. */
export const isGone = (remains: EntryRemains): boolean =>
  !holdsAnything(remains) && remains.unknown.length === 0;
