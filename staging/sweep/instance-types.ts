/** The pattern of an EC2 instance type: `m5.xlarge`, `u-6tb1.112xlarge`, `m7i.metal-24xl`. */
export const INSTANCE_TYPE_PATTERN =
  "^[a-z][a-z0-9]*(-[a-z0-9]+)*\\.(nano|micro|small|medium|large|[0-9]{0,3}xlarge|metal(-[0-9]{1,3}xl)?)$";

/**
 * The limit of a group's mixed instances policy:
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplate.html
 */
export const MAX_INSTANCE_TYPES = 40;

/** The default types of a sweep: available in every staging region. */
export const DEFAULT_INSTANCE_TYPES: readonly [string, ...string[]] = ["m5.xlarge"];

export type Architecture = "x86_64" | "arm64";

/**
 * The architecture of a type, from the letter g after its generation (Graviton), or a1.
 * https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
 */
export function architectureOf(instanceType: string): Architecture {
  return /^(a1\.|[a-z]+\d+g)/.test(instanceType) ? "arm64" : "x86_64";
}
