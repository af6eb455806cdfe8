import { paginateDescribeSubnets } from "@aws-sdk/client-ec2";
import { defineFunction } from "../function.ts";
import { ec2 } from "../sdk/ec2.ts";
import { filterFields, toFilters } from "./filters.ts";

/** The subnets of a region, by their IDs in AWS's order. The result's ID is the region. */
export default defineFunction({
  doing: "reading the subnets",
  fields: filterFields,
  async run(args, call) {
    const Filters = toFilters({}, args);
    const ids: string[] = [];
    const pages = paginateDescribeSubnets({ client: ec2(call) }, { ...(Filters && { Filters }) });
    for await (const { Subnets = [] } of pages)
      ids.push(...Subnets.flatMap(({ SubnetId }) => SubnetId ?? []));
    return { id: call.region, ids, tags: args.tags ?? {} };
  },
});
