import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import {
  BUCKET_ADOPTION,
  type BucketAdoptionInputs,
  type BucketAdoptionOutputs,
} from "../../staging/resources.ts";
import type { Computed, ProgramArgs, ProgramOutputs } from "./properties.ts";

const COMPUTED: Computed<BucketAdoptionInputs, BucketAdoptionOutputs> = { writableAt: undefined };

/** A bucket that the user created, with versioning. The properties are those of {@link BucketAdoptionOutputs}. */
export class BucketAdoption extends CustomResource implements ProgramOutputs<BucketAdoptionOutputs> {
  declare readonly region: Output<string>;
  declare readonly bucket: Output<string>;
  declare readonly versioning: Output<string>;
  declare readonly waitSeconds: Output<number>;
  declare readonly writableAt: Output<string>;

  constructor(name: string, args: ProgramArgs<BucketAdoptionInputs>, options?: CustomResourceOptions) {
    super(BUCKET_ADOPTION, name, { ...COMPUTED, ...args }, options);
  }
}
