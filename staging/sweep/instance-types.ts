/** What the name of an EC2 instance type looks like: `m5.xlarge`, `u-6tb1.112xlarge`, `m7i.metal-24xl`. */
export const INSTANCE_TYPE_PATTERN =
  "^[a-z][a-z0-9]*(-[a-z0-9]+)*\\.(nano|micro|small|medium|large|[0-9]{0,3}xlarge|metal(-[0-9]{1,3}xl)?)$";

/** A group's mixed instances policy has at most so many: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplate.html */
export const MAX_INSTANCE_TYPES = 40;

/** The types of a sweep that names none: offered in every region of staging. */
export const DEFAULT_INSTANCE_TYPES: readonly [string, ...string[]] = ["m5.xlarge"];

export type Architecture = "x86_64" | "arm64";

/**
 * The architecture of a type, by the letter g after its generation (Graviton), and a1.
 * https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
 */
export function architectureOf(instanceType: string): Architecture {
  return /^(a1\.|[a-z]+\d+g)/.test(instanceType) ? "arm64" : "x86_64";
}
