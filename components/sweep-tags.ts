import { ENVIRONMENT_TAG, type EnvironmentSettings } from "../staging/environment.ts";
import { SWEEP_TAG } from "../staging/sweep/names.ts";
import type { SweepSpec } from "../staging/sweep/spec.ts";

/** The tags of all resources of a sweep. */
export const sweepTags = (
  { id }: Pick<SweepSpec, "id">,
  { name }: Pick<EnvironmentSettings, "name">,
): Record<string, string> => ({ [ENVIRONMENT_TAG]: name, [SWEEP_TAG]: id });
