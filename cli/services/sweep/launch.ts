import type { AccountId } from "../../../staging/accounts.ts";
import type { EnvironmentSettings } from "../../../staging/environment.ts";
import type { PriceBook } from "../../../staging/price-book.ts";
import type { Region } from "../../../staging/regions.ts";
import type { SweepEntry } from "../../../staging/sweep/entries.ts";
import type { SweepParameters } from "../../../staging/sweep/parameters.ts";
import type { SweepPlan } from "../../../staging/sweep/plan.ts";
import type { SweepDataset } from "../../../staging/sweep/spec.ts";
import type { StageBuckets, StageDestinations } from "../../../staging/sweep/stage-options.ts";
import type { Advice } from "./checks/advice.ts";

/** A sweep as the user specifies it. */
export interface LaunchRequest {
  readonly parameters: SweepParameters;
  /** `--stage-account`: the account that staged the data; undefined for the environment's own. */
  readonly stageAccount: AccountId | undefined;
  /** `--stage-bucket`: the locations of that account's data. */
  readonly stageBuckets: StageBuckets;
  /** `--stage-dest`: the paths on the workers. */
  readonly stageDestinations: StageDestinations;
  /** `--iam-policy` and `--iam-managed-policies`. */
  readonly iamActions: readonly string[];
  readonly managedPolicies: readonly string[];
  /** For the savings against direct downloads. */
  readonly prices: PriceBook;
}

/** A sweep that can start. */
export interface PreparedLaunch extends LaunchRequest {
  readonly settings: EnvironmentSettings;
  readonly plan: SweepPlan;
  readonly datasets: readonly SweepDataset[];
  readonly advice: Advice;
}

/** Staged data for the plan and for the workers. */
export interface StagedData {
  readonly entries: readonly SweepEntry[];
  readonly datasets: readonly SweepDataset[];
  readonly notes: readonly string[];
  /** Checks that these regions hold the data. @throws UserError that names the missing data */
  readonly check: (regions: readonly Region[]) => Promise<void>;
}
