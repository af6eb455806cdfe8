import { hash } from "node:crypto";
import { Sweep } from "../components/sweep.ts";
import { lookUpPlaces } from "../stacks/sweep-places.ts";
import { readWorkerTemplates } from "../stacks/worker-templates.ts";
import type { sweepComponent } from "../staging/components/sweep.ts";
import { parseRegionList } from "../staging/regions.ts";
import type { InputsOfComponent } from "../staging/schema/resource.ts";
import { diskGib } from "../staging/sweep/disk.ts";
import { distribute } from "../staging/sweep/distribution.ts";
import { SWEEP_DIGITS, SWEEP_PREFIX } from "../staging/sweep/id.ts";
import { architectureOf, DEFAULT_INSTANCE_TYPES } from "../staging/sweep/instance-types.ts";
import type { SweepSpec } from "../staging/sweep/spec.ts";
import { parseSweepSpec } from "../staging/sweep/spec.ts";
import { renderUserData } from "../staging/sweep/user-data.ts";
import { workerFacts } from "../staging/sweep/worker-facts.ts";
import { workersOf } from "../staging/sweep/workers.ts";
import { GIB } from "../staging/units.ts";
import { at, type Build, type ComponentCall } from "./component.ts";
import { environmentOf } from "./environment-argument.ts";

type SweepArguments = InputsOfComponent<typeof sweepComponent>;

export const buildSweep: Build<typeof sweepComponent> = async (call, args) => {
  const { settings: environment } = await environmentOf(args.environment, "environment");
  const spec = specOf(call, args, environment.name);
  const facts = at("regions", () => workerFacts(spec, environment));
  const templates = await readWorkerTemplates();
  // Rejects a size that exceeds its limit before any change.
  const packed = at("datasets", () => renderUserData(templates, facts));
  const { aws: provider } = call.providers;
  const places = await lookUpPlaces(spec, provider === undefined ? {} : { provider });
  const userData = Buffer.from(packed).toString("base64");
  const options = { ...call.options, dependsOn: [...call.dependencies] };
  const resource = new Sweep(call.name, { spec, environment, places, userData }, options, call.type);
  const { startedAt, deadlineAt } = resource.run;
  const groups = [...resource.fleets].map(([region, { group }]) => [region, group.name] as const);
  return {
    resource,
    outputs: { sweepId: spec.id, groups: Object.fromEntries(groups), startedAt, deadlineAt },
  };
};

/** @throws InvalidInputs that names the property */
function specOf({ name, parent }: ComponentCall, args: SweepArguments, environment: string): SweepSpec {
  const { count, command, spot, deadlineSeconds, generation, timeoutSeconds, results } = args;
  const regions = at("regions", () => parseRegionList(args.regions.map(({ region }) => region)));
  const ranges = distribute({
    ...{ count, distribution: "even" },
    regions: regions.map((region) => ({ region, count: undefined })),
  });
  const maxConcurrent = Math.min(count, args.maxConcurrent ?? count);
  const workers = at("maxConcurrent", () => workersOf(maxConcurrent, ranges));
  const datasets = args.datasets ?? [];
  const dataBytes = datasets.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  const diskBytes = args.diskGib === undefined ? undefined : args.diskGib * GIB;
  const instanceTypes = args.instanceTypes ?? DEFAULT_INSTANCE_TYPES;
  const spec = {
    ...{ count, command, spot, deadlineSeconds, generation, instanceTypes },
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(results === undefined ? {} : { results }),
    ...{ iamActions: args.iamActions ?? [], managedPolicies: args.managedPolicies ?? [] },
    id: sweepIdOf(parent, environment, name),
    name: args.name ?? name,
    regions: ranges.map((range, place) => ({
      ...range,
      workers: workers[place],
      subnets: args.regions.find(({ region }) => region === range.region)?.subnets ?? [],
    })),
    architecture: architectureOf(instanceTypes[0] ?? ""),
    diskGib: at("diskGib", () => diskGib(dataBytes, diskBytes)),
    datasets: datasets.map(({ buckets, ...dataset }) => ({
      ...dataset,
      copies: Object.entries(buckets).map(([region, bucket]) => ({ region, bucket })),
    })),
    retries: { interrupted: args.retriesInterrupted, error: args.retriesError },
  };
  return at("command", () => parseSweepSpec(spec, "the sweep"));
}

/** The ID of a declared sweep. It stays the same in updates, and differs for another parent, environment or name. */
function sweepIdOf(...owner: readonly string[]): string {
  return `${SWEEP_PREFIX}${hash("sha256", owner.join("\0")).slice(0, SWEEP_DIGITS)}`;
}
