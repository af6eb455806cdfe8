import {
  DescribeRouteTablesCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
} from "@aws-sdk/client-ec2";
import { boolean, string } from "../../../staging/schema/fields.ts";
import { defineFunction } from "../function.ts";
import type { Call } from "../sdk/call.ts";
import { ec2 } from "../sdk/ec2.ts";
import { fromTagList } from "../sdk/tags.ts";
import { exactlyOne, filterFields, toFilters } from "./filters.ts";

const fields = {
  ...filterFields,
  cidrBlock: string({}),
  default: boolean(), // false is the same as not given, as with the official provider
  dhcpOptionsId: string({}),
  id: string({}),
  state: string({}),
};

/** One VPC. */
export default defineFunction({
  doing: "reading the VPC",
  fields,
  async run(args, call) {
    const attributes = {
      cidr: args.cidrBlock,
      "dhcp-options-id": args.dhcpOptionsId,
      "is-default": args.default ? "true" : undefined,
      state: args.state,
    };
    const Filters = toFilters(attributes, args);
    const { Vpcs = [] } = await ec2(call).send(
      new DescribeVpcsCommand({ ...(args.id && { VpcIds: [args.id] }), ...(Filters && { Filters }) }),
    );
    const vpc = exactlyOne(Vpcs, "VPC");
    const id = vpc.VpcId ?? "";
    const ownerId = vpc.OwnerId ?? "";
    return {
      id,
      arn: `arn:aws:ec2:${call.region}:${ownerId}:vpc/${id}`,
      cidrBlock: vpc.CidrBlock,
      cidrBlockAssociations: (vpc.CidrBlockAssociationSet ?? []).map((one) => ({
        associationId: one.AssociationId,
        cidrBlock: one.CidrBlock,
        state: one.CidrBlockState?.State,
      })),
      default: vpc.IsDefault ?? false,
      dhcpOptionsId: vpc.DhcpOptionsId,
      ...(await getDns(id, call)),
      instanceTenancy: vpc.InstanceTenancy,
      ipv6AssociationId: vpc.Ipv6CidrBlockAssociationSet?.[0]?.AssociationId ?? "",
      ipv6CidrBlock: vpc.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock ?? "",
      mainRouteTableId: await getMainRouteTable(id, call),
      ownerId,
      state: vpc.State,
      tags: fromTagList(vpc.Tags) ?? {},
    };
  },
});

async function getDns(VpcId: string, call: Call) {
  const readAttribute = (Attribute: "enableDnsHostnames" | "enableDnsSupport") =>
    ec2(call).send(new DescribeVpcAttributeCommand({ VpcId, Attribute }));
  const [hostnames, support] = [
    await readAttribute("enableDnsHostnames"),
    await readAttribute("enableDnsSupport"),
  ];
  return {
    enableDnsHostnames: hostnames.EnableDnsHostnames?.Value ?? false,
    enableDnsSupport: support.EnableDnsSupport?.Value ?? false,
  };
}

async function getMainRouteTable(id: string, call: Call): Promise<string> {
  const Filters = toFilters({ "association.main": "true", "vpc-id": id }, {});
  const request = new DescribeRouteTablesCommand({ ...(Filters && { Filters }) });
  return (await ec2(call).send(request)).RouteTables?.[0]?.RouteTableId ?? "";
}
