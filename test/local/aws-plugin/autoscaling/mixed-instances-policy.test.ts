import { expect } from "chai";
import {
  fromMixedInstancesPolicy,
  toMixedInstancesPolicy,
} from "../../../../local/aws-plugin/autoscaling/mixed-instances-policy.ts";

describe("a mixed-instances policy", () => {
  const template = { launchTemplateSpecification: { launchTemplateId: "lt-1", version: "3" } };

  it("sends defaults for undeclared parts of a distribution, like the official provider", () => {
    const sent = toMixedInstancesPolicy({
      instancesDistribution: { spotAllocationStrategy: "price-capacity-optimized" },
      launchTemplate: template,
    });
    expect(withoutUndefined(sent.InstancesDistribution)).to.deep.equal({
      SpotAllocationStrategy: "price-capacity-optimized",
      OnDemandBaseCapacity: 0,
      OnDemandPercentageAboveBaseCapacity: 0,
      SpotMaxPrice: "",
    });
    expect(withoutUndefined(toMixedInstancesPolicy({ launchTemplate: template }))).to.deep.equal({
      LaunchTemplate: { LaunchTemplateSpecification: { LaunchTemplateId: "lt-1", Version: "3" } },
    });
  });

  it("names a template by its ID if AWS returns both", () => {
    const read = fromMixedInstancesPolicy({
      LaunchTemplate: {
        LaunchTemplateSpecification: {
          LaunchTemplateId: "lt-1",
          LaunchTemplateName: "one",
          Version: "$Latest",
        },
        Overrides: [{ InstanceType: "c7i.large", WeightedCapacity: "2" }],
      },
    });
    expect(read.launchTemplate).to.deep.equal({
      launchTemplateSpecification: {
        launchTemplateId: "lt-1",
        launchTemplateName: "one",
        version: "$Latest",
      },
      overrides: [{ instanceType: "c7i.large", weightedCapacity: "2" }],
    });
    expect(toMixedInstancesPolicy(read).LaunchTemplate?.LaunchTemplateSpecification).to.deep.equal({
      LaunchTemplateId: "lt-1",
      Version: "$Latest",
    });
  });
});

/** The SDK sends no undefined member. */
const withoutUndefined = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
