import type {
  LaunchTemplateOverrides,
  LaunchTemplateSpecification,
  MixedInstancesPolicy,
} from "@aws-sdk/client-auto-scaling";
import { omitUndefined, undefinedIfEmpty } from "../../../staging/omit.ts";
import { choice, integer, list, object, string, type ValueOf } from "../../../staging/schema/fields.ts";
import { mustMatch } from "../problem.ts";

const chosen = { computed: true } as const;

const specification = {
  launchTemplateId: string(chosen),
  launchTemplateName: string(chosen),
  version: string(chosen),
};

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateOverrides.html */
const override = object({
  instanceType: string({}),
  launchTemplateSpecification: object(specification),
  weightedCapacity: string({ problem: mustMatch(/^[1-9]\d{0,2}$/, "is not a number from 1 to 999") }),
});

/** Several instance types, on demand and Spot. */
export const mixedInstancesPolicy = object(
  {
    instancesDistribution: object(
      {
        onDemandAllocationStrategy: choice(["prioritized", "lowest-price"], chosen),
        onDemandBaseCapacity: integer(chosen),
        onDemandPercentageAboveBaseCapacity: integer({ max: 100, ...chosen }),
        spotAllocationStrategy: choice(
          [
            "lowest-price",
            "capacity-optimized",
            "capacity-optimized-prioritized",
            "price-capacity-optimized",
          ],
          chosen,
        ),
        spotInstancePools: integer(chosen),
        spotMaxPrice: string({}),
      },
      chosen,
    ),
    launchTemplate: object(
      {
        launchTemplateSpecification: object(specification, { required: true, problem: specificationProblem }),
        overrides: list(override, chosen), // their order is the order of preference
      },
      { required: true },
    ),
  },
  chosen,
);

type Policy = ValueOf<typeof mixedInstancesPolicy>;
type Distribution = NonNullable<Policy["instancesDistribution"]>;
type Specification = Policy["launchTemplate"]["launchTemplateSpecification"];
type Override = ValueOf<typeof override>;

export function toMixedInstancesPolicy({
  instancesDistribution,
  launchTemplate,
}: Policy): MixedInstancesPolicy {
  const { launchTemplateSpecification, overrides } = launchTemplate;
  return {
    InstancesDistribution: instancesDistribution && {
      OnDemandAllocationStrategy: instancesDistribution.onDemandAllocationStrategy,
      SpotAllocationStrategy: instancesDistribution.spotAllocationStrategy,
      SpotInstancePools: instancesDistribution.spotInstancePools || undefined,
      // The official provider sends 0 and "" for undeclared values; for the percentage 0 means all Spot.
      OnDemandBaseCapacity: instancesDistribution.onDemandBaseCapacity ?? 0,
      OnDemandPercentageAboveBaseCapacity: instancesDistribution.onDemandPercentageAboveBaseCapacity ?? 0,
      SpotMaxPrice: instancesDistribution.spotMaxPrice ?? "",
    },
    LaunchTemplate: {
      LaunchTemplateSpecification: toSpecification(launchTemplateSpecification),
      Overrides: undefinedIfEmpty(overrides)?.map(toOverride),
    },
  };
}

export function fromMixedInstancesPolicy(policy: MixedInstancesPolicy): Policy {
  const { InstancesDistribution: distribution, LaunchTemplate: template } = policy;
  const overrides = template?.Overrides?.map(fromOverride);
  return {
    ...(distribution && {
      instancesDistribution: omitUndefined({
        // The SDK has plain strings for enumerations of the API.
        onDemandAllocationStrategy: distribution.OnDemandAllocationStrategy as
          | Distribution["onDemandAllocationStrategy"]
          | undefined,
        onDemandBaseCapacity: distribution.OnDemandBaseCapacity,
        onDemandPercentageAboveBaseCapacity: distribution.OnDemandPercentageAboveBaseCapacity,
        spotAllocationStrategy: distribution.SpotAllocationStrategy as
          | Distribution["spotAllocationStrategy"]
          | undefined,
        spotInstancePools: distribution.SpotInstancePools,
        spotMaxPrice: distribution.SpotMaxPrice || undefined,
      }),
    }),
    launchTemplate: {
      launchTemplateSpecification: fromSpecification(template?.LaunchTemplateSpecification ?? {}),
      ...(overrides?.length && { overrides }),
    },
  };
}

/** AWS returns both ID and name, and accepts only one of them. */
export function toSpecification(one: Specification): LaunchTemplateSpecification {
  const { launchTemplateId, launchTemplateName, version = "$Default" } = one;
  return {
    ...(launchTemplateId
      ? { LaunchTemplateId: launchTemplateId }
      : launchTemplateName && { LaunchTemplateName: launchTemplateName }),
    Version: version,
  };
}

export function fromSpecification(one: LaunchTemplateSpecification): Specification {
  return omitUndefined({
    launchTemplateId: one.LaunchTemplateId || undefined,
    launchTemplateName: one.LaunchTemplateName || undefined,
    version: one.Version || undefined,
  });
}

function toOverride({
  instanceType,
  launchTemplateSpecification,
  weightedCapacity,
}: Override): LaunchTemplateOverrides {
  return {
    InstanceType: instanceType || undefined,
    LaunchTemplateSpecification: launchTemplateSpecification && toSpecification(launchTemplateSpecification),
    WeightedCapacity: weightedCapacity || undefined,
  };
}

function fromOverride(one: LaunchTemplateOverrides): Override {
  const template = one.LaunchTemplateSpecification;
  return omitUndefined({
    instanceType: one.InstanceType || undefined,
    launchTemplateSpecification: template && fromSpecification(template),
    weightedCapacity: one.WeightedCapacity || undefined,
  });
}

function specificationProblem(one: {
  launchTemplateId?: string;
  launchTemplateName?: string;
}): string | undefined {
  return one.launchTemplateId || one.launchTemplateName
    ? undefined
    : "needs a launchTemplateId or a launchTemplateName";
}
