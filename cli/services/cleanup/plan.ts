import type { StagingId } from "../../../staging/ids.ts";
import type { MicroDollars } from "../../../staging/money.ts";
import type { Region } from "../../../staging/regions.ts";
import type { Deletable } from "../entry/deletable.ts";
import type { OpenUpload } from "./places.ts";

/** The items that a cleanup should remove. Items that are not selected are reported as well. */
export interface CleanupQuestion {
  /** Expired entries; together with `sweepId`, only those of the sweep. */
  readonly expired: boolean;
  /** Entries of this sweep, expired or not. */
  readonly sweepId: string | undefined;
  /** Data and uploads without an owner. */
  readonly orphans: boolean;
}

/** An entry to be removed. */
export interface CleanableEntry extends Deletable {
  readonly filename: string;
  readonly sizeBytes: number;
  readonly reason: "expired" | "sweep";
  readonly expiresAt: Date;
  /** Whether its record still exists; DynamoDB removes it some time after the expiry. */
  readonly isRecorded: boolean;
  /** The cost per day from now on: zero once S3 has removed the objects. */
  readonly costPerDay: MicroDollars;
}

/** An entry that would be removed if the environment's file did not declare it. */
export interface DeclaredEntry {
  readonly id: StagingId;
  /** Name of the item in `spawn:entries`. */
  readonly item: string;
  readonly reason: CleanableEntry["reason"];
}

/** A stack without a record whose data have not expired: an unfinished upload or deletion. */
export interface IncompleteStack {
  readonly id: StagingId;
  readonly stack: string;
  /** `half-deleted`: its deletion was interrupted. `unknown`: another machine began it. */
  readonly state: "uploading" | "interrupted" | "half-deleted" | "unknown";
}

/** The data under an entry's prefix in one bucket. */
export interface OrphanPlace {
  readonly region: Region;
  readonly bucket: string;
  /** Complete objects; zero if only uploads are orphans. */
  readonly objects: number;
  /** Of complete objects and of the parts of open uploads. */
  readonly bytes: number;
  readonly uploads: readonly OpenUpload[];
  /** Whether this environment created the bucket. In any other bucket, the data may belong to another program. */
  readonly isOwn: boolean;
}

/** Data without a record and a stack, or uploads under a whole entry; unchanged for at least a day. */
export interface Orphan {
  readonly id: StagingId;
  /** `data`: everything under the ID. `uploads`: only open uploads; the entry itself is whole. */
  readonly kind: "data" | "uploads";
  readonly places: readonly OrphanPlace[];
  readonly changedAt: Date;
  readonly costPerDay: MicroDollars;
}

export interface CleanupPlan {
  readonly entries: readonly CleanableEntry[];
  readonly declared: readonly DeclaredEntry[];
  readonly incomplete: readonly IncompleteStack[];
  readonly orphans: readonly Orphan[];
}

/** Whether this environment may remove a part of the orphan. */
export const isRemovable = ({ places }: Orphan): boolean => places.some(({ isOwn }) => isOwn);

/** Whether there is nothing to report. */
export const isEmpty = (plan: CleanupPlan): boolean => Object.values(plan).every((part) => part.length === 0);
