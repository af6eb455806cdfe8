import { getSubnet } from "@pulumi/aws/ec2/getSubnet.js";
import { getSubnets } from "@pulumi/aws/ec2/getSubnets.js";
import { getParameter } from "@pulumi/aws/ssm/getParameter.js";
import type { InvokeOptions } from "@pulumi/pulumi";
import type { SweepPlace } from "../components/sweep-fleet.ts";
import { InputError, messageOf, UserError } from "../staging/errors.ts";
import type { Region } from "../staging/regions.ts";
import type { Architecture } from "../staging/sweep/instance-types.ts";
import type { SweepRegion, SweepSpec } from "../staging/sweep/spec.ts";

/**
 * Looks up the resources for the instances of a sweep: the user's subnets or the default ones, their VPC, and the
 * newest image of Amazon Linux 2023.
 * @throws InputError if a region has no default subnet, or its subnets are in several VPCs
 * @throws UserError if a lookup in AWS fails
 */
export async function lookUpPlaces(
  { regions, architecture }: Pick<SweepSpec, "regions" | "architecture">,
  options: InvokeOptions,
): Promise<Map<Region, SweepPlace>> {
  const places = await Promise.all(
    regions.map(async (share): Promise<[Region, SweepPlace]> => {
      const [network, imageId] = await Promise.all([
        networkOf(share, options),
        imageOf(share.region, architecture, options),
      ]);
      return [share.region, { ...network, imageId }];
    }),
  );
  return new Map(places);
}

async function networkOf({ region, subnets: chosen }: SweepRegion, options: InvokeOptions) {
  const subnets = chosen.length > 0 ? [...chosen] : await defaultSubnets(region, options);
  const found = await Promise.all(
    subnets.map((id) => lookedUp(`the subnet ${id} in ${region}`, () => getSubnet({ region, id }, options))),
  );
  const [vpcId, ...others] = new Set(found.map((subnet) => subnet.vpcId));
  if (vpcId === undefined) throw withoutDefault(region);
  if (others.length > 0) {
    throw new InputError(`the subnets in ${region} are in several VPCs: ${[vpcId, ...others].join(", ")}`, {
      why: "All workers of a region are in one group, and a group is in one VPC.",
      fix: `Name subnets of one VPC under subnets: ${region}.`,
    });
  }
  return { vpcId, subnets };
}

/** https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html */
async function defaultSubnets(region: Region, options: InvokeOptions): Promise<string[]> {
  const filters = [{ name: "default-for-az", values: ["true"] }];
  const { ids } = await lookedUp(`the default subnets in ${region}`, () =>
    getSubnets({ region, filters }, options),
  );
  if (ids.length === 0) throw withoutDefault(region);
  return [...ids].sort();
}

const withoutDefault = (region: Region): InputError =>
  new InputError(`there are no default subnets in ${region}`, {
    why: "The sweep names no subnets there, and the account has no default VPC.",
    fix: `Write subnets: { ${region}: [subnet-…] } in the parameter file; or create a default VPC: aws ec2 create-default-vpc --region ${region}`,
  });

/**
 * https://docs.aws.amazon.com/linux/al2023/ug/ec2.html#launch-via-aws-cli The provider marks every `value` as a
 * secret; the ID of a public image is none.
 * https://www.pulumi.com/registry/packages/aws/api-docs/ssm/getparameter/
 */
async function imageOf(region: Region, architecture: Architecture, options: InvokeOptions): Promise<string> {
  const name = `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`;
  const { insecureValue } = await lookedUp(`the image of Amazon Linux in ${region}`, () =>
    getParameter({ region, name }, options),
  );
  return insecureValue;
}

async function lookedUp<T>(what: string, lookUp: () => Promise<T>): Promise<T> {
  try {
    return await lookUp();
  } catch (error) {
    throw new UserError(`${what} could not be looked up`, { why: messageOf(error), cause: error });
  }
}
