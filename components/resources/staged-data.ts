import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import {
  type SourceKind,
  STAGED_DATA,
  type StagedDataInputs,
  type StagedDataOutputs,
} from "../../staging/resources.ts";
import type { Computed, ProgramArgs, ProgramOutputs } from "./properties.ts";

const COMPUTED: Computed<StagedDataInputs, StagedDataOutputs> = {
  filename: undefined,
  kind: undefined,
  key: undefined,
  sizeBytes: undefined,
  fileCount: undefined,
  sha256: undefined,
  manifestKey: undefined,
  manifestSha256: undefined,
  partSizeBytes: undefined,
  uploadedAt: undefined,
  lost: undefined,
};

/** An entry's objects in its primary region; its creation uploads them. The properties are those of {@link StagedDataOutputs}. */
export class StagedData extends CustomResource implements ProgramOutputs<StagedDataOutputs> {
  declare readonly stagingId: Output<string>;
  declare readonly source: Output<string>;
  declare readonly name: Output<string>;
  declare readonly exclude: Output<string[]>;
  declare readonly followLinks: Output<boolean>;
  declare readonly noSha256: Output<boolean>;
  declare readonly multipart: Output<boolean>;
  declare readonly timeoutSeconds: Output<number>;
  declare readonly requestPayer: Output<boolean>;
  declare readonly bandwidthLimit: Output<number>;
  declare readonly environmentBuckets: Output<string[]>;
  declare readonly region: Output<string>;
  declare readonly bucket: Output<string>;
  declare readonly replicateTo: Output<string[]>;
  declare readonly ttlDays: Output<number>;
  declare readonly readersTag: Output<string>;
  declare readonly writableAt: Output<string>;
  declare readonly filename: Output<string>;
  declare readonly kind: Output<SourceKind>;
  declare readonly key: Output<string>;
  declare readonly sizeBytes: Output<number>;
  declare readonly fileCount: Output<number>;
  declare readonly sha256: Output<string>;
  declare readonly manifestKey: Output<string>;
  declare readonly manifestSha256: Output<string>;
  declare readonly partSizeBytes: Output<number>;
  declare readonly uploadedAt: Output<string>;
  declare readonly lost: Output<string>;

  constructor(name: string, args: ProgramArgs<StagedDataInputs>, options?: CustomResourceOptions) {
    super(STAGED_DATA, name, { ...COMPUTED, ...args }, options);
  }
}
