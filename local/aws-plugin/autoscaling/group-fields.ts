import type { CheckFailure, Properties } from "../../../provider/plugin/types.ts";
import {
  boolean,
  choice,
  type InputsOf,
  integer,
  list,
  object,
  set,
  string,
} from "../../../staging/schema/fields.ts";
import { mustMatch } from "../problem.ts";
import { parseDuration } from "./duration.ts";
import { mixedInstancesPolicy } from "./mixed-instances-policy.ts";
import { tags } from "./tags.ts";

const chosen = { computed: true } as const;
/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html */
const nameProblem = mustMatch(/^[^:\p{Cc}]{1,255}$/u, "must have 1 to 255 characters, and no colon");

export const groupFields = {
  name: string({ required: true, replaces: true, names: true, problem: nameProblem }),
  minSize: integer({ required: true }),
  maxSize: integer({ required: true }),
  // Other programs scale the group: a program that does not declare it sees no difference.
  desiredCapacity: integer(chosen),
  availabilityZones: set({ ...chosen, alternative: true }),
  vpcZoneIdentifiers: set(chosen),
  capacityRebalance: boolean(),
  defaultCooldown: integer(chosen),
  healthCheckGracePeriod: integer({ default: 300 }),
  healthCheckType: choice(["EC2", "ELB", "EBS", "VPC_LATTICE"], chosen),
  launchTemplate: object({ id: string(chosen), name: string(chosen), version: string(chosen) }, chosen),
  maxInstanceLifetime: integer(), // seconds
  mixedInstancesPolicy,
  protectFromScaleIn: boolean({ default: false }),
  serviceLinkedRoleArn: string(chosen),
  suspendedProcesses: set(),
  terminationPolicies: list(string({})),
  tags,
  forceDelete: boolean({ default: false, unreported: true }),
  waitForCapacityTimeout: string({ default: "10m", unreported: true, problem: durationProblem }),
};

export type GroupInputs = InputsOf<typeof groupFields>;
export type GroupComputed = { arn: string; predictedCapacity: number; warmPoolSize: number };

/** Problems between several inputs. */
export function contradictions(inputs: Properties): CheckFailure[] {
  const { launchTemplate, mixedInstancesPolicy: mixed, availabilityZones, vpcZoneIdentifiers } = inputs;
  return [
    ...((launchTemplate === undefined) === (mixed === undefined)
      ? [
          {
            property: "mixedInstancesPolicy",
            reason: "exactly one of launchTemplate and mixedInstancesPolicy is needed",
          },
        ]
      : []),
    ...(availabilityZones !== undefined && vpcZoneIdentifiers !== undefined
      ? [
          {
            property: "availabilityZones",
            reason: "conflicts with vpcZoneIdentifiers, whose zones AWS takes",
          },
        ]
      : []),
  ];
}

function durationProblem(text: string): string | undefined {
  return parseDuration(text) === undefined
    ? `"${text}" is not a duration, such as "10m", "90s" or "0"`
    : undefined;
}
