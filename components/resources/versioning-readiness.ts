import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import {
  VERSIONING_READINESS,
  type VersioningReadinessInputs,
  type VersioningReadinessOutputs,
} from "../../staging/resources.ts";
import type { Computed, ProgramArgs, ProgramOutputs } from "./properties.ts";

const COMPUTED: Computed<VersioningReadinessInputs, VersioningReadinessOutputs> = { writableAt: undefined };

/** Records when a bucket's versioning was enabled. The properties are those of {@link VersioningReadinessOutputs}. */
export class VersioningReadiness
  extends CustomResource
  implements ProgramOutputs<VersioningReadinessOutputs>
{
  declare readonly region: Output<string>;
  declare readonly bucket: Output<string>;
  declare readonly waitSeconds: Output<number>;
  declare readonly writableAt: Output<string>;

  constructor(name: string, args: ProgramArgs<VersioningReadinessInputs>, options?: CustomResourceOptions) {
    super(VERSIONING_READINESS, name, { ...COMPUTED, ...args }, options);
  }
}
