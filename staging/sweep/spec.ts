import type { AccountId } from "../accounts.ts";
import type { StagingId } from "../ids.ts";
import type { Region } from "../regions.ts";
import type { SourceKind } from "../resources.ts";
import type { SweepId } from "./id.ts";
import type { Retries } from "./index-state.ts";
import type { Architecture } from "./instance-types.ts";

/** A staged dataset as workers download it. */
export interface SweepDataset {
  readonly stagingId: StagingId;
  readonly kind: SourceKind;
  /** The name of the file or directory. */
  readonly filename: string;
  readonly sizeBytes: number;
  /** Lower-case hex; the key of the manifest follows from the id. */
  readonly manifestSha256: string;
  /** The absolute path on the instance. */
  readonly destination: string;
  /** The bucket, or the alias of the access point, of each region of the sweep; all regions of the entry may be there. */
  readonly copies: readonly { readonly region: Region; readonly bucket: string }[];
  /** The account that staged it. Absent: the sweep's own, whose usage row counts the downloads. */
  readonly account?: AccountId;
}

/** A region's share of a sweep. */
export interface SweepRegion {
  readonly region: Region;
  /** The region's indices are `start` to `end` - 1. */
  readonly start: number;
  readonly end: number;
  /** Workers at a time. */
  readonly workers: number;
  /** Ids of subnets, all in one VPC. Empty: the default subnets of the default VPC. */
  readonly subnets: readonly string[];
}

/** The rows of a sweep in a file of JSON lines: one object of texts for each index. Rows are not part of the stack's state. */
export interface SweepRows {
  /** Absolute path. Another path with the same content is no change. */
  readonly file: string;
  /** Of the file, lower-case hex. */
  readonly sha256: string;
}

/** All that a sweep's stack is made from. It is complete: nothing of it is looked up again. */
export interface SweepSpec {
  readonly id: SweepId;
  readonly name: string;
  /** Indices are 0 to `count` - 1. */
  readonly count: number;
  readonly regions: readonly [SweepRegion, ...SweepRegion[]];
  readonly instanceTypes: readonly [string, ...string[]];
  readonly architecture: Architecture;
  readonly spot: boolean;
  readonly diskGib: number;
  readonly datasets: readonly SweepDataset[];
  readonly rows?: SweepRows;
  readonly command: string;
  readonly retries: Retries;
  /** For the command of one index. Absent: until the deadline. */
  readonly timeoutSeconds?: number;
  /** An s3:// prefix. What a command leaves in RESULTS_DIR is copied to `<results>/<index>/` before the index is done. */
  readonly results?: string;
  /** From the start to the end of all workers. */
  readonly deadlineSeconds: number;
  /** Actions such as `s3:GetObject` that the role gets on all resources, from `--iam-policy`. */
  readonly iamActions: readonly string[];
  /** ARNs of managed policies, from `--iam-managed-policies`. */
  readonly managedPolicies: readonly string[];
  /** Goes up with each `spawn sweep retry`. */
  readonly generation: number;
  /** What the last generation opened again. Absent: nothing yet, or everything that failed or was cancelled. */
  readonly retryIndices?: readonly number[];
}
