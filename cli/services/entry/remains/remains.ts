import type { UserError } from "../../../../staging/errors.ts";
import type { StagingId } from "../../../../staging/ids.ts";
import type { Generation } from "../../../../staging/ledger.ts";
import type { StagingRecord } from "../../../../staging/record.ts";
import type { Region } from "../../../../staging/regions.ts";
import type { AccessPointName } from "../access-points.ts";

/** Everything of one entry in AWS, found by its ID alone, without a stack or its state. */
export interface EntryRemains {
  readonly id: StagingId;
  /** The buckets that hold something of the entry; the others of the environment hold nothing. */
  readonly places: readonly BucketRemains[];
  /** `unreadable`: the table has an item of that ID that is malformed, or names what is not the entry's. */
  readonly record: StagingRecord | "unreadable" | undefined;
  /** The life that the usage row has open, so that `cost` counts it; undefined where no row is open. */
  readonly openGeneration: Generation | "unreadable" | undefined;
  readonly accessPoints: readonly AccessPointName[];
  /** Places that could not be searched. While there is one, the entry does not count as deleted. */
  readonly unknown: readonly UserError[];
}

/** The objects under `{id}/` in one bucket. */
export interface BucketRemains {
  readonly region: Region;
  readonly bucket: string;
  /** Object versions, the noncurrent ones included. S3 charges for each of them. */
  readonly versions: number;
  readonly deleteMarkers: number;
  /** Open multipart uploads. S3 charges for their parts. */
  readonly uploads: number;
  /** Bytes of all versions. */
  readonly versionBytes: number;
  /** Bytes of all parts of open uploads. */
  readonly partBytes: number;
  /** Bytes of the objects that a reader sees: the versions that are current. */
  readonly currentBytes: number;
  /** Whether only the first page was looked at, so that the figures are a lower bound. */
  readonly isLowerBound: boolean;
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
