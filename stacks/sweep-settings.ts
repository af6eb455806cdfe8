import { sweepStackName } from "../staging/sweep/id.ts";
import { parseSweepSpec, type SweepSpec } from "../staging/sweep/spec.ts";
import { type StackSettings, settingsOf } from "./stack-settings.ts";

/** The inputs of the stack of one sweep. */
export type SweepSettings = StackSettings<SweepSpec>;

export const SWEEP_SETTINGS = settingsOf<SweepSpec>(
  "sweep",
  parseSweepSpec,
  (environment, { id }) => sweepStackName(environment, id),
  "end its own workers",
);
