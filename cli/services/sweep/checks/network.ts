import {
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  type EC2Client,
  type RouteTable,
  type Subnet,
} from "@aws-sdk/client-ec2";
import { InputError } from "../../../../staging/errors.ts";
import type { Region } from "../../../../staging/regions.ts";

export const NETWORK_PERMISSIONS =
  "ec2:DescribeSubnets, ec2:DescribeRouteTables and ec2:DescribeVpcEndpoints";

/**
 * Checks the routes from a region's subnets to S3. Downloads within a region are free, except through a NAT gateway. A gateway endpoint for S3
 * is free and bypasses it. https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html
 * @param subnets IDs; empty for the default subnets
 * @returns a warning if a route costs money
 * @throws InputError if there is no default subnet and none is given, or if the subnets are in two VPCs
 */
export async function networkWarnings(
  region: Region,
  subnets: readonly string[],
  ec2: EC2Client,
): Promise<string[]> {
  const { Subnets: found = [] } = await ec2.send(
    new DescribeSubnetsCommand(
      subnets.length > 0
        ? { SubnetIds: [...subnets] }
        : { Filters: [{ Name: "default-for-az", Values: ["true"] }] },
    ),
  );
  const [first] = found;
  if (first === undefined) {
    throw new InputError(`${region} has no default subnets`, {
      why: "The default VPC of the account was deleted there, and the parameter file names no subnets.",
      fix: `Add subnets: {${region}: [subnet-…]} to the parameter file, or create a default VPC: aws ec2 create-default-vpc --region ${region}`,
    });
  }
  const others = found.find(({ VpcId }) => VpcId !== first.VpcId);
  if (others !== undefined) {
    throw new InputError(`the subnets of ${region} are in two VPCs: ${first.VpcId} and ${others.VpcId}`, {
      why: "A security group, and so the workers of a region, are in one VPC.",
      fix: `Name subnets of one VPC under subnets: ${region}.`,
    });
  }
  const ofVpc = { Name: "vpc-id", Values: [first.VpcId ?? ""] };
  const service = `com.amazonaws.${region}.s3`;
  const [{ RouteTables: tables = [] }, { VpcEndpoints: endpoints = [] }] = await Promise.all([
    ec2.send(new DescribeRouteTablesCommand({ Filters: [ofVpc] })),
    ec2.send(
      new DescribeVpcEndpointsCommand({ Filters: [ofVpc, { Name: "service-name", Values: [service] }] }),
    ),
  ]);
  const withEndpoint = new Set(endpoints.flatMap(({ RouteTableIds = [] }) => RouteTableIds));
  const paid = found.filter((subnet) => {
    const table = tableOf(subnet, tables);
    return hasNat(table) && !withEndpoint.has(table?.RouteTableId ?? "");
  });
  const [example] = paid;
  if (example === undefined) return [];
  const table = tableOf(example, tables)?.RouteTableId;
  return [
    `${region}: the route from ${idsOf(paid)} to S3 is a NAT gateway, which charges for each GB that workers download. A gateway endpoint for S3 is free: aws ec2 create-vpc-endpoint --region ${region} --vpc-id ${first.VpcId} --service-name ${service} --route-table-ids ${table}`,
  ];
}

/** A subnet without its own route table uses the main one of its VPC. */
function tableOf({ SubnetId }: Subnet, tables: readonly RouteTable[]): RouteTable | undefined {
  const own = tables.find(({ Associations = [] }) => Associations.some((one) => one.SubnetId === SubnetId));
  return own ?? tables.find(({ Associations = [] }) => Associations.some(({ Main }) => Main === true));
}

/** Whether outgoing traffic, including to S3, uses a NAT gateway. */
const hasNat = (table: RouteTable | undefined): boolean =>
  (table?.Routes ?? []).some(
    ({ DestinationCidrBlock, NatGatewayId, State }) =>
      DestinationCidrBlock === "0.0.0.0/0" && NatGatewayId !== undefined && State !== "blackhole",
  );

const idsOf = (subnets: readonly Subnet[]): string => subnets.map(({ SubnetId }) => SubnetId).join(", ");
