import { CustomResource, type CustomResourceOptions, type Input, type Output } from "@pulumi/pulumi";
import { bucketAdoptionResource } from "../staging/resources/bucket-adoption.ts";
import { bucketRulesResource } from "../staging/resources/bucket-rules.ts";
import { entryGuardResource } from "../staging/resources/entry-guard.ts";
import { expirationResource } from "../staging/resources/expiration.ts";
import { replicationResource } from "../staging/resources/replication.ts";
import { stagedDataResource } from "../staging/resources/staged-data.ts";
import { sweepRunResource } from "../staging/resources/sweep-run.ts";
import { usageRowResource } from "../staging/resources/usage-row.ts";
import { versioningReadinessResource } from "../staging/resources/versioning-readiness.ts";
import type { Declaration, InputsOfResource, OutputsOfResource } from "../staging/schema/resource.ts";

/** The inputs `I` of a resource type in a program: each may be the output of another resource. */
export type ProgramArgs<I> = {
  [K in keyof I]: Partial<Pick<I, K>> extends Pick<I, K> ? Input<I[K] | undefined> : Input<I[K]>;
};

/** The state `O` of a resource as a program sees it. */
type ProgramOutputs<O> = { readonly [K in keyof O]-?: Output<O[K]> };

type ResourceClass<D extends Declaration> = new (
  name: string,
  args: ProgramArgs<InputsOfResource<D>>,
  options?: CustomResourceOptions,
) => CustomResource & ProgramOutputs<OutputsOfResource<D>>;

/** The class of a declared resource type. */
function resourceClass<D extends Declaration>({ token, outputs }: D): ResourceClass<D> {
  // The SDK must know the names of outputs before their values.
  const unset = Object.fromEntries(Object.keys(outputs).map((name) => [name, undefined]));
  class Declared extends CustomResource {
    constructor(name: string, args: object, options?: CustomResourceOptions) {
      super(token, name, { ...unset, ...args }, options);
    }
  }
  // The SDK sets a property for each argument.
  return Declared as unknown as ResourceClass<D>;
}

export class BucketAdoption extends resourceClass(bucketAdoptionResource) {}
export class BucketRules extends resourceClass(bucketRulesResource) {}
export class EntryGuard extends resourceClass(entryGuardResource) {}
export class Expiration extends resourceClass(expirationResource) {}
export class Replication extends resourceClass(replicationResource) {}
export class StagedData extends resourceClass(stagedDataResource) {}
export class SweepRun extends resourceClass(sweepRunResource) {}
export class UsageRow extends resourceClass(usageRowResource) {}
export class VersioningReadiness extends resourceClass(versioningReadinessResource) {}
