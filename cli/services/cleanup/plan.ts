import type { StagingId } from "../../../staging/ids.ts";
import type { MicroDollars } from "../../../staging/money.ts";
import type { Region } from "../../../staging/regions.ts";
import type { Deletable } from "../entry/delete.ts";
import type { OpenUpload } from "./places.ts";

/** What a cleanup is asked to remove. Whatever is not asked for is reported all the same. */
export interface CleanupQuestion {
  /** Entries that have expired; together with `sweepId` only those of the sweep. */
  readonly expired: boolean;
  /** Entries of this sweep, whether they have expired or not. */
  readonly sweepId: string | undefined;
  /** What nobody owns. */
  readonly orphans: boolean;
}

/** An entry to be removed. */
export interface CleanableEntry extends Deletable {
  readonly filename: string;
  readonly sizeBytes: number;
  readonly reason: "expired" | "sweep";
  readonly expiresAt: Date;
  /** Whether its record is still there; DynamoDB removes it some time after the expiry. */
  readonly isRecorded: boolean;
  /** Whether the backend has its stack; one whose state is lost can be removed once it has expired. */
  readonly hasStack: boolean;
  /** What it costs a day from now on: nothing once S3 has removed the objects. */
  readonly costPerDay: MicroDollars;
}

/** An entry that would be removed if the environment's file did not declare it. */
export interface DeclaredEntry {
  readonly id: StagingId;
  /** Name of the item in `spawn:entries`. */
  readonly item: string;
  readonly reason: CleanableEntry["reason"];
}

/** A stack without a record whose data have not expired: an upload or a deletion that did not end. */
export interface IncompleteStack {
  readonly id: StagingId;
  readonly stack: string;
  /** `half-deleted`: its deletion was cut off. `unknown`: another machine began it. */
  readonly state: "uploading" | "interrupted" | "half-deleted" | "unknown";
}

/** What is under an entry's prefix in one bucket. */
export interface OrphanPlace {
  readonly region: Region;
  readonly bucket: string;
  /** Whole objects; zero where only the parts of uploads are nobody's. */
  readonly objects: number;
  /** Of whole objects and of the parts of open uploads. */
  readonly bytes: number;
  readonly uploads: readonly OpenUpload[];
  /** Whether this environment made the bucket. Of any other the data may be of somebody whom nobody knows here. */
  readonly isOwn: boolean;
}

/** Data that no record and no stack knows, or uploads under an entry that is whole; untouched for a day at least. */
export interface Orphan {
  readonly id: StagingId;
  /** `data`: all that is under the id. `uploads`: only open uploads; the entry itself is whole. */
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

/** Whether something of an orphan may be removed here. */
export const isRemovable = ({ places }: Orphan): boolean => places.some(({ isOwn }) => isOwn);

/** Whether nothing is there to report. */
export const isEmpty = (plan: CleanupPlan): boolean => Object.values(plan).every((part) => part.length === 0);
