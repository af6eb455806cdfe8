import type { EC2Client } from "@aws-sdk/client-ec2";
import type { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { expect } from "chai";
import { advise, joinAdvice } from "../../../../cli/services/sweep/checks/advice.ts";
import { adviceFor, readSpotPrices } from "../../../../cli/services/sweep/checks/checks.ts";
import { networkWarnings } from "../../../../cli/services/sweep/checks/network.ts";
import { QUOTA_PERMISSIONS, quotaWarnings } from "../../../../cli/services/sweep/checks/quotas.ts";
import { SPOT_PRICE_PERMISSIONS, spotPrices } from "../../../../cli/services/sweep/checks/spot-prices.ts";
import { InputError } from "../../../../staging/errors.ts";
import { dollars } from "../../../../staging/money.ts";
import { parseRegion } from "../../../../staging/regions.ts";
import { awsError } from "../../../support/failure.ts";
import { fakeClient } from "../../../support/fake-client.ts";
import { fullSettings } from "../../records.ts";
import { testLaunch, testRequest } from "./fakes.ts";

const EAST = parseRegion("us-east-1");

const types = (...all: [string, number][]) => ({
  DescribeInstanceTypesCommand: () => ({
    InstanceTypes: all.map(([InstanceType, DefaultVCpus]) => ({ InstanceType, VCpuInfo: { DefaultVCpus } })),
  }),
});
const quota = (value: number) => ({ GetServiceQuotaCommand: () => ({ Quota: { Value: value } }) });

describe("the vCPU quota check", () => {
  const check = (limit: number, spot = false, workers = 50) =>
    quotaWarnings(EAST, workers, { instanceTypes: ["m5.xlarge", "m5.2xlarge"] }, spot, {
      ec2: fakeClient<EC2Client>(types(["m5.xlarge", 4], ["m5.2xlarge", 8])).client,
      quotas: fakeClient<ServiceQuotasClient>(quota(limit)).client,
    });

  it("is silent if all workers fit with the smallest type", async () => {
    expect(await check(200)).to.deep.equal([]);
  });

  it("reports how many workers fit, and the command that raises the quota", async () => {
    const [warning = "", ...others] = await check(32);
    expect(others).to.deep.equal([]);
    expect(warning).to.contain("50 workers need 200 vCPUs");
    expect(warning).to.contain("(L-1216C47A) is 32, so at most 8 run at a time");
    expect(warning).to.contain("--quota-code L-1216C47A --desired-value 200");
  });

  it("uses the spot quota for spot, and reports if no worker can start", async () => {
    const [warning = ""] = await check(0, true);
    expect(warning).to.contain("(L-34B43A08) is 0, so that none of them can start");
  });

  it("ignores a family without a known quota", async () => {
    const found = await quotaWarnings(EAST, 5, { instanceTypes: ["trn1.2xlarge"] }, false, {
      ec2: fakeClient<EC2Client>(types(["trn1.2xlarge", 8])).client,
      quotas: fakeClient<ServiceQuotasClient>({}).client,
    });
    expect(found).to.deep.equal([]);
  });
});

describe("the check of routes to S3", () => {
  const nat = { DestinationCidrBlock: "0.0.0.0/0", NatGatewayId: "nat-1" };
  const main = (...routes: object[]) => ({
    RouteTableId: "rtb-main",
    Associations: [{ Main: true }],
    Routes: routes,
  });
  const network = (
    subnets: readonly { SubnetId: string; VpcId: string }[],
    tables: readonly object[],
    endpoints: readonly object[] = [],
  ) =>
    fakeClient<EC2Client>({
      DescribeSubnetsCommand: () => ({ Subnets: subnets }),
      DescribeRouteTablesCommand: () => ({ RouteTables: tables }),
      DescribeVpcEndpointsCommand: () => ({ VpcEndpoints: endpoints }),
    });
  const subnet = (SubnetId: string, VpcId = "vpc-1") => ({ SubnetId, VpcId });

  it("accepts an internet gateway", async () => {
    const gateway = { DestinationCidrBlock: "0.0.0.0/0", GatewayId: "igw-1" };
    const { client, sent } = network([subnet("subnet-a")], [main(gateway)]);
    expect(await networkWarnings(EAST, [], client)).to.deep.equal([]);
    expect(sent[0]?.input).to.deep.equal({ Filters: [{ Name: "default-for-az", Values: ["true"] }] });
  });

  it("warns of a NAT gateway, with the command that creates a gateway endpoint", async () => {
    const { client } = network([subnet("subnet-a"), subnet("subnet-b")], [main(nat)]);
    const [warning = ""] = await networkWarnings(EAST, ["subnet-a", "subnet-b"], client);
    expect(warning).to.contain("from subnet-a, subnet-b to S3 is a NAT gateway");
    expect(warning).to.contain(
      "--vpc-id vpc-1 --service-name com.amazonaws.us-east-1.s3 --route-table-ids rtb-main",
    );
  });

  it("accepts a route table with the endpoint, but not another table's endpoint", async () => {
    const own = { RouteTableId: "rtb-own", Associations: [{ SubnetId: "subnet-a" }], Routes: [nat] };
    const of = (table: string) =>
      network([subnet("subnet-a")], [main(), own], [{ RouteTableIds: [table] }]).client;
    expect(await networkWarnings(EAST, ["subnet-a"], of("rtb-own"))).to.deep.equal([]);
    expect(await networkWarnings(EAST, ["subnet-a"], of("rtb-main"))).to.have.length(1);
  });

  it("refuses a region without default subnets, and subnets of two VPCs", async () => {
    const none = await failure(networkWarnings(EAST, [], network([], []).client));
    expect(none.message).to.equal("us-east-1 has no default subnets");
    const two = network([subnet("subnet-a"), subnet("subnet-b", "vpc-2")], []).client;
    expect((await failure(networkWarnings(EAST, ["subnet-a", "subnet-b"], two))).message).to.contain(
      "in two VPCs: vpc-1 and vpc-2",
    );
  });
});

describe("spot prices", () => {
  it("are those of the most expensive zone, over all pages", async () => {
    const pages: Record<string, unknown> = {
      first: {
        NextToken: "second",
        SpotPriceHistory: [
          { InstanceType: "m5.xlarge", SpotPrice: "0.071200", AvailabilityZone: "us-east-1a" },
          { InstanceType: "m5.xlarge", SpotPrice: "0.080100", AvailabilityZone: "us-east-1b" },
        ],
      },
      second: { SpotPriceHistory: [{ InstanceType: "c5.xlarge", SpotPrice: "0.0654321" }] },
    };
    const { client, sent } = fakeClient<EC2Client>({
      DescribeSpotPriceHistoryCommand: ({ NextToken }) => pages[NextToken === "second" ? "second" : "first"],
    });
    const now = new Date("2026-11-10T12:00:00Z");
    const found = await spotPrices(["m5.xlarge", "c5.xlarge"], now, client);
    expect([...found]).to.deep.equal([
      ["m5.xlarge", dollars(0.0801)],
      ["c5.xlarge", dollars(0.065432)],
    ]);
    expect(sent).to.have.length(2);
    expect(sent[0]?.input).to.include({ StartTime: now });
  });
});

describe("a failed check", () => {
  it("is a note with the required permissions", async () => {
    const denied = Object.assign(new Error("no"), { name: "UnauthorizedOperation" });
    expect(await advise("The vCPU quotas", "ec2:X", () => Promise.reject(denied))).to.deep.equal({
      warnings: [],
      notes: ["The vCPU quotas could not be checked: the credentials lack the permission ec2:X."],
    });
    const { notes } = await advise("Spot prices", "ec2:X", () => Promise.reject(new Error("no answer")));
    expect(notes).to.deep.equal(["Spot prices could not be checked: no answer."]);
  });

  it("is an error if the sweep cannot run", async () => {
    const error = new InputError("us-east-1 has no default subnets");
    expect(await failure(advise("x", "y", () => Promise.reject(error)))).to.equal(error);
  });

  it("is reported once for several regions", () => {
    const one = { warnings: ["w"], notes: ["n"] };
    expect(joinAdvice([one, one])).to.deep.equal(one);
  });
});

async function failure(run: Promise<unknown>): Promise<InputError> {
  return await run.then(
    () => {
      throw new Error("it was accepted");
    },
    (error: unknown) => {
      expect(error).to.be.instanceOf(InputError);
      return error as InputError;
    },
  );
}

describe("the checks of a launch", () => {
  const plan = testLaunch(testRequest("count: 2\nregions: [us-east-1, us-west-2]\nbase_command: x")).plan;
  const denied = Object.assign(awsError("UnauthorizedOperation"), { $metadata: { httpStatusCode: 403 } });
  const context = (cloud: "aws" | "local") => ({
    settings: async () => fullSettings({ cloud }),
    clientConfig: async () => {
      if (cloud === "local") throw new Error("asked for a client");
      throw denied;
    },
  });
  const checked = (cloud: "aws" | "local") =>
    adviceFor(context(cloud), plan, { spot: false, subnets: new Map() });
  const prices = (cloud: "aws" | "local") => readSpotPrices(context(cloud), ["c5.large"], [EAST], new Date());

  it("send no request on the local cloud", async () => {
    expect(await checked("local")).to.deep.equal({ warnings: [], notes: [] });
    expect((await prices("local")).of("c5.large", EAST)).to.equal(undefined);
  });

  it("that AWS refuses become one note each, with the permissions that they need", async () => {
    const { warnings, notes } = await checked("aws");
    expect(warnings).to.deep.equal([]);
    expect(notes).to.have.length(2);
    expect(notes[0]).to.contain("vCPU quotas").and.contain(QUOTA_PERMISSIONS);
    const spot = await prices("aws");
    expect(spot.notes[0]).to.contain(SPOT_PRICE_PERMISSIONS);
    expect(spot.of("c5.large", EAST)).to.equal(undefined);
  });
});
