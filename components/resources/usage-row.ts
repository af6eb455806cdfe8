import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import { USAGE_ROW, type UsageRowInputs, type UsageRowOutputs } from "../../staging/resources.ts";
import type { Computed, ProgramArgs, ProgramOutputs } from "./properties.ts";

const COMPUTED: Computed<UsageRowInputs, UsageRowOutputs> = { openedAt: undefined };

/** An entry's row in the usage table, which outlives it. The properties are those of {@link UsageRowOutputs}. */
export class UsageRow extends CustomResource implements ProgramOutputs<UsageRowOutputs> {
  declare readonly table: Output<string>;
  declare readonly region: Output<string>;
  declare readonly stagingId: Output<string>;
  declare readonly filename: Output<string>;
  declare readonly sizeBytes: Output<number>;
  declare readonly fileCount: Output<number>;
  declare readonly regions: Output<string[]>;
  declare readonly uploadedAt: Output<string>;
  declare readonly ttlDays: Output<number>;
  declare readonly recordsTable: Output<string>;
  declare readonly sweepId: Output<string>;
  declare readonly openedAt: Output<string>;

  constructor(name: string, args: ProgramArgs<UsageRowInputs>, options?: CustomResourceOptions) {
    super(USAGE_ROW, name, { ...COMPUTED, ...args }, options);
  }
}
