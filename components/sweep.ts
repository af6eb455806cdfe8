import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity.js";
import { all, ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";
import { sweepComponent } from "../staging/components/sweep.ts";
import type { EnvironmentSettings } from "../staging/environment.ts";
import type { Region } from "../staging/regions.ts";
import type { SweepRunInputs } from "../staging/resources/sweep-run.ts";
import { sweepStackName } from "../staging/sweep/id.ts";
import type { SweepRegion, SweepSpec } from "../staging/sweep/spec.ts";
import { child, type Transform } from "./child.ts";
import { type ProgramArgs, SweepRun } from "./resources.ts";
import { SweepFleet, type SweepFleetTransform, type SweepPlace } from "./sweep-fleet.ts";
import { SweepRole, type SweepRoleTransform } from "./sweep-role.ts";

/** Transforms of the children of {@link Sweep}. */
interface SweepTransform {
  /** The workers' role. @default none @example { role: { path: "/batch/" } } */
  role?: SweepRoleTransform;
  /** The workers of each region. @default none @example { launchTemplate: { keyName: "debug" } } */
  fleets?: SweepFleetTransform;
  /** The run. @default none */
  run?: Transform<ProgramArgs<SweepRunInputs>>;
}

export interface SweepArgs {
  /** Inputs of a sweep. */
  spec: SweepSpec;
  /** The environment, which has the tables and the buckets for logs. */
  environment: EnvironmentSettings;
  /** Existing resources for the instances, for each region of the sweep. */
  places: ReadonlyMap<Region, SweepPlace>;
  /** The user data of all instances, in base64. */
  userData: string;
  /** Transforms of the children. @default none */
  transform?: SweepTransform | undefined;
}

/**
 * A sweep: a command that runs for many indices, on workers in several regions. The number of its resources does not
 * depend on the number of indices and workers. The run is the last resource and starts the sweep. A deletion removes
 * the run first, which ends the sweep.
 */
export class Sweep extends ComponentResource {
  readonly role: SweepRole;
  readonly fleets: ReadonlyMap<Region, SweepFleet>;
  readonly run: SweepRun;

  constructor(
    name: string,
    args: SweepArgs,
    options?: ComponentResourceOptions,
    type: string = sweepComponent.type,
  ) {
    super(type, name, {}, options);
    const { spec, environment, places, userData, transform = {} } = args;
    const parent = this;

    const role = createRole();
    this.role = role;
    this.fleets = new Map(spec.regions.map((share) => [share.region, createFleet(share, role)]));
    this.run = createRun(this.fleets);
    this.registerOutputs({ startedAt: this.run.startedAt });

    function createRole(): SweepRole {
      const accountId = getCallerIdentityOutput({}, { parent }).accountId;
      const own = { spec, environment, accountId, transform: transform.role };
      return new SweepRole(`${spec.id}-workers`, own, { parent });
    }

    function createFleet(share: SweepRegion, role: SweepRole): SweepFleet {
      const place = places.get(share.region);
      if (place === undefined) throw new Error(`the sweep has no place in ${share.region}`);
      const own = { spec, environment, share, place, userData, role, transform: transform.fleets };
      return new SweepFleet(`${spec.id}-${share.region}`, own, { parent });
    }

    // Depends on all other resources: after the start, every worker must be able to work.
    function createRun(fleets: ReadonlyMap<Region, SweepFleet>): SweepRun {
      const { rows, timeoutSeconds, results, retryIndices } = spec;
      const own: ProgramArgs<SweepRunInputs> = {
        sweepId: spec.id,
        table: environment.sweepsTable,
        tableRegion: environment.tableRegion,
        name: spec.name,
        stack: sweepStackName(environment.name, spec.id),
        count: spec.count,
        regions: all([...fleets.values()].map(({ runRegion }) => runRegion)),
        entries: spec.datasets.map(({ stagingId }) => stagingId),
        command: spec.command,
        retriesInterrupted: spec.retries.interrupted,
        retriesError: spec.retries.error,
        deadlineSeconds: spec.deadlineSeconds,
        generation: spec.generation,
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
        ...(results === undefined ? {} : { results }),
        ...(rows === undefined ? {} : { rowsFile: rows.file, rowsSha256: rows.sha256 }),
        ...(retryIndices === undefined ? {} : { retryIndices: [...retryIndices] }),
      };
      const groups = [...fleets.values()].map(({ group }) => group);
      const options = { parent, dependsOn: [...role.rights, role.profile, ...groups] };
      return new SweepRun(...child(transform.run, `${spec.id}-run`, own, options));
    }
  }
}
