import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import { EXPIRATION, type ExpirationInputs, type ExpirationOutputs } from "../../staging/resources.ts";
import type { Computed, ProgramArgs, ProgramOutputs } from "./properties.ts";

const COMPUTED: Computed<ExpirationInputs, ExpirationOutputs> = { ruleId: undefined, removedAt: undefined };

/** The tags of an entry's objects in one region. The properties are those of {@link ExpirationOutputs}. */
export class Expiration extends CustomResource implements ProgramOutputs<ExpirationOutputs> {
  declare readonly stagingId: Output<string>;
  declare readonly region: Output<string>;
  declare readonly bucket: Output<string>;
  declare readonly ttlDays: Output<number>;
  declare readonly readersTag: Output<string>;
  declare readonly uploadedAt: Output<string>;
  declare readonly manifestSha256: Output<string>;
  declare readonly usageTable: Output<string>;
  declare readonly usageRegion: Output<string>;
  declare readonly ruleId: Output<string>;
  declare readonly removedAt: Output<string>;

  constructor(name: string, args: ProgramArgs<ExpirationInputs>, options?: CustomResourceOptions) {
    super(EXPIRATION, name, { ...COMPUTED, ...args }, options);
  }
}
