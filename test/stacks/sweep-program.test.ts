import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { sweepProgram } from "../../stacks/sweep-program.ts";
import { SWEEP_SETTINGS, type SweepSettings } from "../../stacks/sweep-settings.ts";
import { UserError } from "../../staging/errors.ts";
import { isStagingId, type StagingId } from "../../staging/ids.ts";
import type { SweepSpec } from "../../staging/sweep/spec.ts";
import { record } from "../components/recorder.ts";
import { environmentSettings } from "../components/settings.ts";
import { dataset, shares, sweepSpec } from "../staging/sweep/sweep-spec.ts";
import { errorOf } from "../support/failure.ts";

const STACK = "dev.sweep-abc123def456";

const settings = (changes: Partial<SweepSpec> = {}): SweepSettings => ({
  spec: sweepSpec(changes),
  environment: environmentSettings(),
});

type Lookups = NonNullable<NonNullable<Parameters<typeof record>[1]>["lookups"]>;

const recordProgram = (changes: Partial<SweepSpec> = {}, lookups: Lookups = {}) =>
  record(sweepProgram(settings(changes)), { stack: STACK, lookups });

async function refusal(changes: Partial<SweepSpec>, lookups: Lookups = {}): Promise<UserError> {
  const error = await errorOf(recordProgram(changes, lookups));
  expect(pulumi.RunError.isInstance(error)).to.equal(true);
  if (error.cause instanceof UserError) return error.cause;
  throw error;
}

const inRegion = (subnets: readonly string[]): SweepSpec["regions"] => {
  const [share] = shares({ "us-east-1": 3 });
  return [{ ...share, subnets }];
};

describe("the program of a sweep", () => {
  it("starts workers in the default subnets, from the newest Amazon Linux of their architecture", async () => {
    const made = await recordProgram();
    expect(made.get("sweep-abc123def456-us-west-2-launch-template").inputs["imageId"]).to.equal(
      "ami-us-west-2-x86_64",
    );
    expect(made.get("sweep-abc123def456-us-west-2-security-group").inputs["vpcId"]).to.equal(
      "vpc-of-us-west-2",
    );
    expect(made.get("sweep-abc123def456-us-west-2-group").inputs["vpcZoneIdentifiers"]).to.deep.equal([
      "subnet-0a0ofus-west-2",
      "subnet-0b0ofus-west-2",
    ]);
    const arm = await recordProgram({ instanceTypes: ["m7g.large"], architecture: "arm64" });
    expect(arm.get("sweep-abc123def456-us-west-2-launch-template").inputs["imageId"]).to.equal(
      "ami-us-west-2-arm64",
    );
  });

  it("looks up default subnets by their attribute", async () => {
    const asked: unknown[] = [];
    await recordProgram(
      { regions: inRegion([]) },
      {
        "aws:ec2/getSubnets:getSubnets": (args) => {
          asked.push(args);
          return { ids: ["subnet-00000001"] };
        },
      },
    );
    expect(asked).to.deep.equal([
      { region: "us-east-1", filters: [{ name: "default-for-az", values: ["true"] }] },
    ]);
  });

  it("uses the user's subnets in their order", async () => {
    const subnets = ["subnet-00000002", "subnet-00000001"];
    const made = await recordProgram(
      { regions: inRegion(subnets) },
      {
        "aws:ec2/getSubnets:getSubnets": () => {
          throw new Error("no default subnets were expected");
        },
      },
    );
    expect(made.get("sweep-abc123def456-us-east-1-group").inputs["vpcZoneIdentifiers"]).to.deep.equal(
      subnets,
    );
  });

  it("gives every instance the compressed worker", async () => {
    const made = await recordProgram();
    const data = made
      .ofType("aws:ec2/launchTemplate:LaunchTemplate")
      .map(({ inputs }) => Buffer.from(String(inputs["userData"]), "base64"));
    expect(data[0]?.subarray(0, 2).toString("hex")).to.equal("1f8b");
    expect(data[1]?.equals(data[0] ?? Buffer.alloc(0))).to.equal(true);
  });

  it("exports the started sweep and its settings", async () => {
    const { outputs } = await recordProgram();
    const { settings: exported, ...others } = outputs;
    const { spec, environment } = SWEEP_SETTINGS.parseValues(Object(exported), "the outputs");
    expect(spec).to.deep.equal(settings().spec);
    expect(environment.name).to.equal("dev");
    expect(others).to.deep.equal({
      sweep: {
        id: "sweep-abc123def456",
        name: "genomics",
        count: 100,
        generation: 0,
        groups: {
          "us-east-1": "spawn-sweep-abc123def456",
          "us-west-2": "spawn-sweep-abc123def456",
        },
        createdAt: "2024-01-22T10:30:00Z",
        startedAt: "2024-01-22T10:30:10Z",
        deadlineAt: "2024-01-23T10:30:10Z",
      },
    });
  });

  it("declares as many resources for 1,000 workers in each of three regions as for one, also in a preview", async () => {
    const numbers: number[] = [];
    for (const count of [1, 1_000]) {
      const regions = shares({ "us-east-1": count, "us-west-2": count, "eu-west-1": count });
      const { resources } = await record(sweepProgram(settings({ regions })), {
        stack: STACK,
        preview: true,
      });
      numbers.push(resources.length);
    }
    // The stack, the provider and the sweep; the role with its policy and profile; in each region four; the run.
    expect(numbers).to.deep.equal([3 + 4 + 3 * 4 + 1, 3 + 4 + 3 * 4 + 1]);
  });

  it("makes all AWS resources with one declared provider, whose region never changes", async () => {
    const made = await recordProgram();
    expect(made.get("aws").inputs).to.include({ region: "us-east-1" });
    for (const { type, provider } of made.resources) {
      if (type.startsWith("aws:")) expect(provider).to.contain("pulumi:providers:aws::aws::");
    }
  });

  describe("refuses, before it declares anything,", () => {
    it("a region without default subnets, with both fixes", async () => {
      const error = await refusal(
        { regions: inRegion([]) },
        { "aws:ec2/getSubnets:getSubnets": () => ({ ids: [] }) },
      );
      expect(error.message).to.equal("there are no default subnets in us-east-1");
      expect(error.fix).to.include("subnets: { us-east-1: [subnet-…] }");
      expect(error.fix).to.include("aws ec2 create-default-vpc --region us-east-1");
    });

    it("subnets of several VPCs", async () => {
      const error = await refusal(
        { regions: inRegion(["subnet-00000001", "subnet-00000002"]) },
        { "aws:ec2/getSubnet:getSubnet": ({ id }) => ({ id, vpcId: `vpc-of-${String(id)}` }) },
      );
      expect(error.message).to.equal(
        "the subnets in us-east-1 are in several VPCs: vpc-of-subnet-00000001, vpc-of-subnet-00000002",
      );
    });

    it("a missing subnet, by name", async () => {
      const error = await refusal(
        { regions: inRegion(["subnet-00000001"]) },
        {
          "aws:ec2/getSubnet:getSubnet": () => {
            // The text of an engine's error.
            throw Object.assign(new Error(), { details: "no matching EC2 Subnet found" });
          },
        },
      );
      expect(error.message).to.equal("the subnet subnet-00000001 in us-east-1 could not be looked up");
      expect(error.why).to.equal("no matching EC2 Subnet found");
    });

    it("more than user data hold", async () => {
      const id = (at: number): StagingId => {
        const text = `stage-${at.toString(16).padStart(12, "0")}`;
        if (!isStagingId(text)) throw new Error(text);
        return text;
      };
      const datasets = Array.from({ length: 600 }, (_, at) =>
        dataset({ stagingId: id(at * 7_919_927), manifestSha256: String(at * 104_729).padStart(64, "f") }),
      );
      const error = await refusal({ datasets });
      expect(error.message).to.match(/^the sweep does not fit into the user data/);
    });

    it("a region in which the environment has no bucket", async () => {
      const error = await refusal({ regions: shares({ "ap-south-1": 1 }) });
      expect(error.message).to.equal("environment dev has no bucket in ap-south-1");
    });
  });
});
