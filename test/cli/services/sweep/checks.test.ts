import type { EC2Client } from "@aws-sdk/client-ec2";
import type { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { expect } from "chai";
import { advise, joinAdvice } from "../../../../cli/services/sweep/checks/advice.ts";
import { networkWarnings } from "../../../../cli/services/sweep/checks/network.ts";
import { quotaWarnings } from "../../../../cli/services/sweep/checks/quotas.ts";
import { spotPrices } from "../../../../cli/services/sweep/checks/spot-prices.ts";
import { InputError } from "../../../../staging/errors.ts";
import { dollars } from "../../../../staging/money.ts";
import { parseRegion } from "../../../../staging/regions.ts";

interface Sent {
  readonly name: string;
  readonly input: Record<string, unknown>;
}

/** A client that answers by the names of commands, and remembers what it was asked. */
function fake<C>(answers: Readonly<Record<string, (input: Record<string, unknown>) => unknown>>) {
  const sent: Sent[] = [];
  const client = {
    send: async (command: { input: Record<string, unknown> }) => {
      const { name } = command.constructor;
      sent.push({ name, input: command.input });
      const answer = answers[name];
      if (answer === undefined) throw new Error(`unexpected ${name}`);
      return answer(command.input);
    },
  };
  return { client: client as unknown as C, sent };
}

const EAST = parseRegion("us-east-1");

const types = (...all: [string, number][]) => ({
  DescribeInstanceTypesCommand: () => ({
    InstanceTypes: all.map(([InstanceType, DefaultVCpus]) => ({ InstanceType, VCpuInfo: { DefaultVCpus } })),
  }),
});
const quota = (value: number) => ({ GetServiceQuotaCommand: () => ({ Quota: { Value: value } }) });

describe("the check of vCPU quotas", () => {
  const check = (limit: number, spot = false, workers = 50) =>
    quotaWarnings(EAST, workers, { instanceTypes: ["m5.xlarge", "m5.2xlarge"] }, spot, {
      ec2: fake<EC2Client>(types(["m5.xlarge", 4], ["m5.2xlarge", 8])).client,
      quotas: fake<ServiceQuotasClient>(quota(limit)).client,
    });

  it("is silent where all workers fit with the smallest of the types", async () => {
    expect(await check(200)).to.deep.equal([]);
  });

  it("tells how many workers fit, and the command that asks for more", async () => {
    const [warning = "", ...others] = await check(32);
    expect(others).to.deep.equal([]);
    expect(warning).to.contain("50 workers need 200 vCPUs");
    expect(warning).to.contain("(L-1216C47A) is 32, so at most 8 run at a time");
    expect(warning).to.contain("--quota-code L-1216C47A --desired-value 200");
  });

  it("takes the spot quota for spot, and says where nothing can start", async () => {
    const [warning = ""] = await check(0, true);
    expect(warning).to.contain("(L-34B43A08) is 0, so that none of them can start");
  });

  it("says nothing of a family whose quota is not known", async () => {
    const found = await quotaWarnings(EAST, 5, { instanceTypes: ["trn1.2xlarge"] }, false, {
      ec2: fake<EC2Client>(types(["trn1.2xlarge", 8])).client,
      quotas: fake<ServiceQuotasClient>({}).client,
    });
    expect(found).to.deep.equal([]);
  });
});

describe("the check of the ways to S3", () => {
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
    fake<EC2Client>({
      DescribeSubnetsCommand: () => ({ Subnets: subnets }),
      DescribeRouteTablesCommand: () => ({ RouteTables: tables }),
      DescribeVpcEndpointsCommand: () => ({ VpcEndpoints: endpoints }),
    });
  const subnet = (SubnetId: string, VpcId = "vpc-1") => ({ SubnetId, VpcId });

  it("is silent for an internet gateway", async () => {
    const gateway = { DestinationCidrBlock: "0.0.0.0/0", GatewayId: "igw-1" };
    const { client, sent } = network([subnet("subnet-a")], [main(gateway)]);
    expect(await networkWarnings(EAST, [], client)).to.deep.equal([]);
    expect(sent[0]?.input).to.deep.equal({ Filters: [{ Name: "default-for-az", Values: ["true"] }] });
  });

  it("warns of a NAT gateway, with the command that makes a gateway endpoint", async () => {
    const { client } = network([subnet("subnet-a"), subnet("subnet-b")], [main(nat)]);
    const [warning = ""] = await networkWarnings(EAST, ["subnet-a", "subnet-b"], client);
    expect(warning).to.contain("from subnet-a, subnet-b to S3 is a NAT gateway");
    expect(warning).to.contain(
      "--vpc-id vpc-1 --service-name com.amazonaws.us-east-1.s3 --route-table-ids rtb-main",
    );
  });

  it("is silent where the route table has the endpoint, and not where another one has it", async () => {
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
  it("are those of the dearest zone, over all pages", async () => {
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
    const { client, sent } = fake<EC2Client>({
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

describe("a look that fails", () => {
  it("is a note, with the rights that it takes", async () => {
    const denied = Object.assign(new Error("no"), { name: "UnauthorizedOperation" });
    expect(await advise("The vCPU quotas", "ec2:X", () => Promise.reject(denied))).to.deep.equal({
      warnings: [],
      notes: ["The vCPU quotas could not be checked: the credentials have no right to ec2:X."],
    });
    const { notes } = await advise("Spot prices", "ec2:X", () => Promise.reject(new Error("no answer")));
    expect(notes).to.deep.equal(["Spot prices could not be checked: no answer."]);
  });

  it("is an error where the sweep cannot run", async () => {
    const error = new InputError("us-east-1 has no default subnets");
    expect(await failure(advise("x", "y", () => Promise.reject(error)))).to.equal(error);
  });

  it("is told once for several regions", () => {
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
