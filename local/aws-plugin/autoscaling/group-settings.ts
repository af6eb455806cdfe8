import type {
  AutoScalingGroup,
  CreateAutoScalingGroupCommandInput,
  UpdateAutoScalingGroupCommandInput,
} from "@aws-sdk/client-auto-scaling";
import { differs } from "../../../provider/plugin/schema/compare.ts";
import { omitUndefined, undefinedIfEmpty } from "../../../staging/omit.ts";
import type { Actual } from "../resource.ts";
import { type GroupComputed, type GroupInputs, groupFields } from "./group-fields.ts";
import {
  fromMixedInstancesPolicy,
  fromSpecification,
  toMixedInstancesPolicy,
  toSpecification,
} from "./mixed-instances-policy.ts";
import { fromGroupTags, toGroupTags } from "./tags.ts";

/** AWS returns its own default if none is declared. */
const DEFAULT_TERMINATION = "Default";

/** A group in AWS's form. */
export function fromGroup(group: AutoScalingGroup): Actual<typeof groupFields, GroupComputed> {
  const { LaunchTemplate: template, MixedInstancesPolicy: mixed, TerminationPolicies: termination } = group;
  const zones = group.VPCZoneIdentifier?.split(",").filter((subnet) => subnet !== "");
  const suspended = group.SuspendedProcesses?.flatMap(({ ProcessName }) => ProcessName ?? []);
  const { launchTemplateId, launchTemplateName, version } = fromSpecification(template ?? {});
  return {
    ...omitUndefined({
      capacityRebalance: group.CapacityRebalance,
      defaultCooldown: group.DefaultCooldown,
      desiredCapacity: group.DesiredCapacity,
      healthCheckGracePeriod: group.HealthCheckGracePeriod,
      healthCheckType: group.HealthCheckType as GroupInputs["healthCheckType"] | undefined, // a string in the SDK
      maxInstanceLifetime: group.MaxInstanceLifetime,
      launchTemplate: template && omitUndefined({ id: launchTemplateId, name: launchTemplateName, version }),
      mixedInstancesPolicy: mixed && fromMixedInstancesPolicy(mixed),
      serviceLinkedRoleArn: group.ServiceLinkedRoleARN,
      suspendedProcesses: undefinedIfEmpty(suspended),
      tags: fromGroupTags(group.Tags),
      terminationPolicies:
        termination?.join() === DEFAULT_TERMINATION ? undefined : undefinedIfEmpty(termination),
      vpcZoneIdentifiers: undefinedIfEmpty(zones),
    }),
    name: group.AutoScalingGroupName ?? "",
    minSize: group.MinSize ?? 0,
    maxSize: group.MaxSize ?? 0,
    availabilityZones: group.AvailabilityZones ?? [],
    protectFromScaleIn: group.NewInstancesProtectedFromScaleIn ?? false,
    arn: group.AutoScalingGroupARN ?? "",
    predictedCapacity: group.PredictedCapacity ?? 0,
    warmPoolSize: group.WarmPoolSize ?? 0,
  };
}

/** Common parameters of creation and update, if declared. */
function settingsOf(inputs: Partial<GroupInputs>) {
  const { launchTemplate: template, mixedInstancesPolicy: mixed, vpcZoneIdentifiers: zones } = inputs;
  return omitUndefined({
    AvailabilityZones: undefinedIfEmpty(inputs.availabilityZones),
    DefaultCooldown: inputs.defaultCooldown,
    HealthCheckGracePeriod: inputs.healthCheckGracePeriod,
    HealthCheckType: inputs.healthCheckType,
    LaunchTemplate:
      template &&
      toSpecification(
        omitUndefined({
          launchTemplateId: template.id,
          launchTemplateName: template.name,
          version: template.version,
        }),
      ),
    MixedInstancesPolicy: mixed && toMixedInstancesPolicy(mixed),
    NewInstancesProtectedFromScaleIn: inputs.protectFromScaleIn,
    ServiceLinkedRoleARN: inputs.serviceLinkedRoleArn,
    VPCZoneIdentifier: zones?.length ? zones.join() : undefined,
  });
}

/** The parameters of CreateAutoScalingGroup. */
export function toGroup(inputs: GroupInputs): CreateAutoScalingGroupCommandInput {
  const { name, capacityRebalance, desiredCapacity, maxInstanceLifetime, tags, terminationPolicies } = inputs;
  return {
    AutoScalingGroupName: name,
    ...settingsOf(inputs),
    MinSize: inputs.minSize,
    MaxSize: inputs.maxSize,
    DesiredCapacity: desiredCapacity || undefined,
    CapacityRebalance: capacityRebalance || undefined,
    MaxInstanceLifetime: maxInstanceLifetime || undefined,
    TerminationPolicies: undefinedIfEmpty(terminationPolicies),
    Tags: tags?.length ? toGroupTags(tags, name) : undefined,
  };
}

/** The parameters of UpdateAutoScalingGroup: only differences, so that an undeclared capacity stays unchanged. */
export function changesOf(
  inputs: GroupInputs,
  actual: Partial<GroupInputs>,
): Omit<UpdateAutoScalingGroupCommandInput, "AutoScalingGroupName"> {
  const changed = <K extends keyof GroupInputs>(name: K) =>
    differs(groupFields[name], actual[name], inputs[name]);
  const different = Object.keys(groupFields).filter((name) => changed(name as keyof GroupInputs));
  const some: Partial<GroupInputs> = Object.fromEntries(
    different.map((name) => [name, inputs[name as keyof GroupInputs]]),
  );
  return {
    ...settingsOf(some),
    ...omitUndefined({ MinSize: some.minSize, MaxSize: some.maxSize, DesiredCapacity: some.desiredCapacity }),
    // A removed setting must be reset, because AWS would keep it.
    ...(changed("capacityRebalance") && { CapacityRebalance: inputs.capacityRebalance ?? false }),
    ...(changed("maxInstanceLifetime") && { MaxInstanceLifetime: inputs.maxInstanceLifetime ?? 0 }),
    ...(changed("terminationPolicies") && {
      TerminationPolicies: undefinedIfEmpty(inputs.terminationPolicies) ?? [DEFAULT_TERMINATION],
    }),
  };
}
