import type { AccountId } from "../accounts.ts";
import type { StagingId } from "../ids.ts";
import type { Region } from "../regions.ts";
import type { SourceKind } from "../resources.ts";
import type { SweepId } from "./id.ts";
import type { Retries } from "./index-state.ts";
import type { Architecture } from "./instance-types.ts";

/** A staged dataset that workers download. */
export interface SweepDataset {
  readonly stagingId: StagingId;
  readonly kind: SourceKind;
  /** The name of the file or directory. */
  readonly filename: string;
  readonly sizeBytes: number;
  /** Lower-case hex; the key of the manifest follows from the ID. */
  readonly manifestSha256: string;
  /** The absolute path on the instance. */
  readonly destination: string;
  /** The bucket, or the access point alias, of each region of the sweep; may have more regions of the entry. */
  readonly copies: readonly { readonly region: Region; readonly bucket: string }[];
  /** The account that staged it. Default: the sweep's own, whose usage row counts the downloads. */
  readonly account?: AccountId;
}

/** A region's share of a sweep. */
export interface SweepRegion {
  readonly region: Region;
  /** The region's indices are `start` to `end` - 1. */
  readonly start: number;
  readonly end: number;
  /** Concurrent workers. */
  readonly workers: number;
  /** IDs of subnets in one VPC. Empty: the default subnets of the default VPC. */
  readonly subnets: readonly string[];
}

/** The rows of a sweep in a JSON lines file: one object of strings per index. Rows are not part of the stack's state. */
export interface SweepRows {
  /** Absolute path. Another path with the same content is no change. */
  readonly file: string;
  /** Of the file, lower-case hex. */
  readonly sha256: string;
}

/** The complete inputs of a sweep's stack, without lookups. */
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
  /** Time limit of the command of one index. Default: until the deadline. */
  readonly timeoutSeconds?: number;
  /** An s3:// prefix. The worker copies the files in RESULTS_DIR to `<results>/<index>/` before the index is done. */
  readonly results?: string;
  /** From the start to the end of all workers. */
  readonly deadlineSeconds: number;
  /** Actions such as `s3:GetObject` that the role gets on all resources, from `--iam-policy`. */
  readonly iamActions: readonly string[];
  /** ARNs of managed policies, from `--iam-managed-policies`. */
  readonly managedPolicies: readonly string[];
  /** Incremented by each `spawn sweep retry`. */
  readonly generation: number;
  /** The indices that the last generation opened again. Default: none, or all failed and cancelled ones. */
  readonly retryIndices?: readonly number[];
}
