import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import type { ReplicationMethod } from "../../staging/entry.ts";
import {
  REPLICATION,
  type ReplicationInputs,
  type ReplicationOutputs,
  type SourceKind,
} from "../../staging/resources.ts";
import type { Computed, ProgramArgs, ProgramOutputs } from "./properties.ts";

const COMPUTED: Computed<ReplicationInputs, ReplicationOutputs> = {
  ruleId: undefined,
  via: undefined,
  objects: undefined,
  seconds: undefined,
  verifiedBy: undefined,
};

/** An entry's verified replica in one region. The properties are those of {@link ReplicationOutputs}. */
export class Replication extends CustomResource implements ProgramOutputs<ReplicationOutputs> {
  declare readonly stagingId: Output<string>;
  declare readonly sourceRegion: Output<string>;
  declare readonly sourceBucket: Output<string>;
  declare readonly region: Output<string>;
  declare readonly bucket: Output<string>;
  declare readonly method: Output<ReplicationMethod>;
  declare readonly timeoutSeconds: Output<number>;
  declare readonly key: Output<string>;
  declare readonly kind: Output<SourceKind>;
  declare readonly sizeBytes: Output<number>;
  declare readonly fileCount: Output<number>;
  declare readonly sha256: Output<string>;
  declare readonly manifestKey: Output<string>;
  declare readonly manifestSha256: Output<string>;
  declare readonly usageTable: Output<string>;
  declare readonly usageRegion: Output<string>;
  declare readonly uploadedAt: Output<string>;
  declare readonly ttlDays: Output<number>;
  declare readonly writableAt: Output<string>;
  declare readonly ruleId: Output<string>;
  declare readonly via: Output<ReplicationOutputs["via"]>;
  declare readonly objects: Output<number>;
  declare readonly seconds: Output<number>;
  declare readonly verifiedBy: Output<ReplicationOutputs["verifiedBy"]>;

  constructor(name: string, args: ProgramArgs<ReplicationInputs>, options?: CustomResourceOptions) {
    super(REPLICATION, name, { ...COMPUTED, ...args }, options);
  }
}
