import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import {
  SWEEP_RUN,
  type SweepRunInputs,
  type SweepRunOutputs,
  type SweepRunRegion,
} from "../../staging/resources.ts";
import type { Computed, ProgramArgs, ProgramOutputs } from "./properties.ts";

const COMPUTED: Computed<SweepRunInputs, SweepRunOutputs> = {
  createdAt: undefined,
  deadlineAt: undefined,
  startedAt: undefined,
};

/** The run of a sweep: its items, and the capacity of its groups. The properties are those of {@link SweepRunOutputs}. */
export class SweepRun extends CustomResource implements ProgramOutputs<SweepRunOutputs> {
  declare readonly sweepId: Output<string>;
  declare readonly table: Output<string>;
  declare readonly tableRegion: Output<string>;
  declare readonly name: Output<string>;
  declare readonly stack: Output<string>;
  declare readonly count: Output<number>;
  declare readonly regions: Output<SweepRunRegion[]>;
  declare readonly entries: Output<string[]>;
  declare readonly command: Output<string>;
  declare readonly retriesInterrupted: Output<number>;
  declare readonly retriesError: Output<number>;
  declare readonly timeoutSeconds: Output<number>;
  declare readonly results: Output<string>;
  declare readonly deadlineSeconds: Output<number>;
  declare readonly rowsFile: Output<string>;
  declare readonly rowsSha256: Output<string>;
  declare readonly generation: Output<number>;
  declare readonly retryIndices: Output<number[]>;
  declare readonly createdAt: Output<string>;
  declare readonly deadlineAt: Output<string>;
  declare readonly startedAt: Output<string>;

  constructor(name: string, args: ProgramArgs<SweepRunInputs>, options?: CustomResourceOptions) {
    super(SWEEP_RUN, name, { ...COMPUTED, ...args }, options);
  }
}
