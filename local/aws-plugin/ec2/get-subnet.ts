import { DescribeSubnetsCommand } from "@aws-sdk/client-ec2";
import { boolean, string } from "../../../staging/schema/fields.ts";
import { defineFunction } from "../function.ts";
import { ec2 } from "../sdk/ec2.ts";
import { fromTagList } from "../sdk/tags.ts";
import { exactlyOne, filterFields, toFilters } from "./filters.ts";

const fields = {
  ...filterFields,
  availabilityZone: string({}),
  availabilityZoneId: string({}),
  cidrBlock: string({}),
  defaultForAz: boolean(), // false is the same as not given, as with the official provider
  id: string({}),
  state: string({}),
  vpcId: string({}),
};

/** One subnet. */
export default defineFunction({
  doing: "reading the subnet",
  fields,
  async run(args, call) {
    const attributes = {
      "availability-zone": args.availabilityZone,
      "availability-zone-id": args.availabilityZoneId,
      "cidr-block": args.cidrBlock,
      "default-for-az": args.defaultForAz ? "true" : undefined,
      state: args.state,
      "vpc-id": args.vpcId,
    };
    const Filters = toFilters(attributes, args);
    const { Subnets = [] } = await ec2(call).send(
      new DescribeSubnetsCommand({ ...(args.id && { SubnetIds: [args.id] }), ...(Filters && { Filters }) }),
    );
    const subnet = exactlyOne(Subnets, "subnet");
    const names = subnet.PrivateDnsNameOptionsOnLaunch;
    return {
      id: subnet.SubnetId,
      arn: subnet.SubnetArn,
      assignIpv6AddressOnCreation: subnet.AssignIpv6AddressOnCreation ?? false,
      availabilityZone: subnet.AvailabilityZone,
      availabilityZoneId: subnet.AvailabilityZoneId,
      availableIpAddressCount: subnet.AvailableIpAddressCount,
      cidrBlock: subnet.CidrBlock,
      customerOwnedIpv4Pool: subnet.CustomerOwnedIpv4Pool ?? "",
      defaultForAz: subnet.DefaultForAz ?? false,
      enableDns64: subnet.EnableDns64 ?? false,
      enableLniAtDeviceIndex: subnet.EnableLniAtDeviceIndex ?? 0,
      enableResourceNameDnsARecordOnLaunch: names?.EnableResourceNameDnsARecord ?? false,
      enableResourceNameDnsAaaaRecordOnLaunch: names?.EnableResourceNameDnsAAAARecord ?? false,
      ipv6Native: subnet.Ipv6Native ?? false,
      mapCustomerOwnedIpOnLaunch: subnet.MapCustomerOwnedIpOnLaunch ?? false,
      mapPublicIpOnLaunch: subnet.MapPublicIpOnLaunch ?? false,
      outpostArn: subnet.OutpostArn ?? "",
      ownerId: subnet.OwnerId,
      privateDnsHostnameTypeOnLaunch: names?.HostnameType ?? "",
      state: subnet.State,
      tags: fromTagList(subnet.Tags) ?? {},
      vpcId: subnet.VpcId,
    };
  },
});
