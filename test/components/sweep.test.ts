import { expect } from "chai";
import { Sweep, type SweepArgs } from "../../components/sweep.ts";
import { parseRegion, REGIONS } from "../../staging/regions.ts";
import type { SweepSpec } from "../../staging/sweep/spec.ts";
import { dataset, shares, sweepSpec } from "../staging/sweep/sweep-spec.ts";
import { errorOf } from "../support/failure.ts";
import { type Recording, record } from "./recorder.ts";
import { environmentSettings } from "./settings.ts";

const PLACES: SweepArgs["places"] = new Map(
  REGIONS.map((region) => [
    region,
    {
      vpcId: `vpc-${region}`,
      subnets: [`subnet-a-${region}`, `subnet-b-${region}`],
      imageId: `ami-${region}`,
    },
  ]),
);

const recordSweep = (changes: Partial<SweepSpec> = {}, args: Partial<SweepArgs> = {}): Promise<Recording> => {
  const spec = sweepSpec(changes);
  return record(async () => {
    const own = { spec, environment: environmentSettings(), places: PLACES, userData: "IyEvYmluL3No" };
    new Sweep(spec.id, { ...own, ...args });
    return {};
  });
};

const NAME = "spawn-sweep-abc123def456";
const TAGS = { "spawn:environment": "dev", "spawn:sweep": "sweep-abc123def456" };

describe("Sweep", () => {
  let made: Recording;
  before(async () => {
    made = await recordSweep();
  });
  const inputs = (name: string, from = made) => from.get(`sweep-abc123def456-${name}`).inputs;

  it("has a role, a fleet in each region, and a run", () => {
    expect(made.resources.map(({ type, name }) => `${type} ${name}`).slice(1)).to.have.members([
      "spawn:index:Sweep sweep-abc123def456",
      "spawn:index:SweepRole sweep-abc123def456-workers",
      "aws:iam/role:Role sweep-abc123def456-role",
      "aws:iam/rolePolicy:RolePolicy sweep-abc123def456-policy",
      "aws:iam/instanceProfile:InstanceProfile sweep-abc123def456-profile",
      ...["us-east-1", "us-west-2"].flatMap((region) => [
        `spawn:index:SweepFleet sweep-abc123def456-${region}`,
        `aws:ec2/securityGroup:SecurityGroup sweep-abc123def456-${region}-security-group`,
        `aws:ec2/launchTemplate:LaunchTemplate sweep-abc123def456-${region}-launch-template`,
        `aws:autoscaling/group:Group sweep-abc123def456-${region}-group`,
      ]),
      "staging:index:SweepRun sweep-abc123def456-run",
    ]);
  });

  it("has as many resources for thousands of workers as for three", async () => {
    const regions = (count: number) => shares({ "us-east-1": count, "us-west-2": count, "eu-west-1": count });
    const few = await recordSweep({ regions: regions(1) });
    const many = await recordSweep({ regions: regions(33_000) });
    expect(many.resources.length).to.equal(few.resources.length);
    expect(many.resources.length).to.be.below(25);
  });

  describe("the role", () => {
    it("can be assumed by instances", () => {
      const { assumeRolePolicy, ...others } = inputs("role");
      expect(others).to.deep.equal({ name: NAME, description: "Workers of the sweep genomics", tags: TAGS });
      expect(JSON.parse(String(assumeRolePolicy))).to.deep.equal({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" },
        ],
      });
    });

    it("has the policy of workers, for the account of the credentials", () => {
      const { policy, ...others } = inputs("policy");
      expect(others).to.deep.equal({ name: "work", role: NAME });
      expect(policy).to.include("arn:aws:dynamodb:us-east-1:123456789012:table/spawn-sweeps-dev");
    });

    it("has the managed policies that the user chose", async () => {
      const managedPolicies = [
        "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        "arn:aws:iam::123456789012:policy/team/AmazonS3ReadOnlyAccess",
      ];
      const changed = await recordSweep({ managedPolicies });
      expect(inputs("policy-aws-AmazonS3ReadOnlyAccess", changed)).to.deep.equal({
        role: NAME,
        policyArn: managedPolicies[0],
      });
      expect(changed.ofType("aws:iam/rolePolicyAttachment:RolePolicyAttachment")).to.have.length(2);
    });

    it("reaches instances through a profile", () => {
      expect(inputs("profile")).to.deep.equal({ name: NAME, role: NAME, tags: TAGS });
    });
  });

  describe("a region", () => {
    it("allows outbound connections only", () => {
      expect(inputs("us-west-2-security-group")).to.deep.equal({
        region: "us-west-2",
        name: NAME,
        description: "Workers of the sweep sweep-abc123def456",
        vpcId: "vpc-us-west-2",
        ingress: [],
        egress: [
          { protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] },
        ],
        tags: TAGS,
      });
    });

    it("gives the security group a name that differs from IDs", async () => {
      const environment = environmentSettings({ namePrefix: "sg-x" });
      const changed = await recordSweep({}, { environment });
      expect(inputs("us-east-1-security-group", changed)["name"]).to.equal("spawn-sg-x-sweep-abc123def456");
      expect(inputs("us-east-1-group", changed)["name"]).to.equal("sg-x-sweep-abc123def456");
    });

    it("starts instances with the worker, IMDSv2, and an encrypted volume; shut down, they are gone", () => {
      const tags = { ...TAGS, Name: NAME };
      expect(inputs("us-west-2-launch-template")).to.deep.equal({
        region: "us-west-2",
        name: NAME,
        imageId: "ami-us-west-2",
        iamInstanceProfile: { name: NAME },
        vpcSecurityGroupIds: ["sweep-abc123def456-us-west-2-security-group-id"],
        userData: "IyEvYmluL3No",
        instanceInitiatedShutdownBehavior: "terminate",
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        blockDeviceMappings: [
          {
            deviceName: "/dev/xvda",
            ebs: {
              volumeType: "gp3",
              volumeSize: 126,
              throughput: 431,
              encrypted: "true",
              deleteOnTermination: "true",
            },
          },
        ],
        tagSpecifications: [
          { resourceType: "instance", tags },
          { resourceType: "volume", tags },
        ],
        tags: TAGS,
      });
      expect(made.get("sweep-abc123def456-us-west-2-launch-template").ignoreChanges).to.deep.equal([
        "imageId",
      ]);
    });

    it("keeps workers in a group with undeclared capacity", () => {
      expect(inputs("us-west-2-group")).to.deep.equal({
        region: "us-west-2",
        name: NAME,
        minSize: 0,
        maxSize: 50,
        vpcZoneIdentifiers: ["subnet-a-us-west-2", "subnet-b-us-west-2"],
        mixedInstancesPolicy: {
          launchTemplate: {
            launchTemplateSpecification: {
              launchTemplateId: "sweep-abc123def456-us-west-2-launch-template-id",
              version: "$Latest",
            },
            overrides: [{ instanceType: "m5.xlarge" }],
          },
          instancesDistribution: { onDemandBaseCapacity: 0, onDemandPercentageAboveBaseCapacity: 100 },
        },
        capacityRebalance: false,
        suspendedProcesses: ["AZRebalance"],
        waitForCapacityTimeout: "0",
        forceDelete: true,
        tags: Object.entries({ ...TAGS, Name: NAME }).map(([key, value]) => ({
          key,
          value,
          propagateAtLaunch: true,
        })),
      });
    });

    it("uses spot capacity of any type, and no on-demand capacity", async () => {
      const changed = await recordSweep({ spot: true, instanceTypes: ["m5.xlarge", "m5a.xlarge"] });
      const { mixedInstancesPolicy } = inputs("us-east-1-group", changed);
      expect(mixedInstancesPolicy)
        .to.have.nested.property("launchTemplate.overrides")
        .deep.equal([{ instanceType: "m5.xlarge" }, { instanceType: "m5a.xlarge" }]);
      expect(mixedInstancesPolicy).to.have.deep.property("instancesDistribution", {
        onDemandBaseCapacity: 0,
        onDemandPercentageAboveBaseCapacity: 0,
        spotAllocationStrategy: "price-capacity-optimized",
      });
    });

    it("keeps the workers' permissions as long as instances exist", () => {
      for (const region of ["us-east-1", "us-west-2"]) {
        expect(made.get(`sweep-abc123def456-${region}-group`).dependsOn).to.include.members([
          "sweep-abc123def456-policy",
          `sweep-abc123def456-${region}-launch-template`,
        ]);
      }
    });
  });

  describe("the run", () => {
    it("has the sweep, its regions and their groups", () => {
      expect(inputs("run")).to.deep.equal({
        sweepId: "sweep-abc123def456",
        table: "spawn-sweeps-dev",
        tableRegion: "us-east-1",
        name: "genomics",
        stack: "dev.sweep-abc123def456",
        count: 100,
        regions: [
          { region: "us-east-1", start: 0, end: 50, workers: 50, group: NAME },
          { region: "us-west-2", start: 50, end: 100, workers: 50, group: NAME },
        ],
        entries: ["stage-abc123def456"],
        command: "#!/bin/bash\n./align --reference $STAGED_PATH\n",
        retriesInterrupted: 3,
        retriesError: 0,
        deadlineSeconds: 86_400,
        generation: 0,
      });
    });

    it("has what the user chose beside", async () => {
      const chosen = {
        rows: { file: "/data/rows.jsonl", sha256: "a1".repeat(32) },
        timeoutSeconds: 60,
        results: "s3://results/",
        generation: 2,
        retryIndices: [3, 7],
      };
      const { rows, ...others } = chosen;
      expect(inputs("run", await recordSweep(chosen))).to.deep.include({
        ...others,
        rowsFile: rows.file,
        rowsSha256: rows.sha256,
      });
    });

    it("starts last, and ends first", () => {
      expect(made.get("sweep-abc123def456-run").dependsOn).to.have.members([
        "sweep-abc123def456-policy",
        "sweep-abc123def456-profile",
        "sweep-abc123def456-us-east-1-group",
        "sweep-abc123def456-us-west-2-group",
      ]);
    });
  });

  it("names the region of every resource that has one", () => {
    for (const { inputs, name } of made.resources.filter(({ type }) => /^aws:(ec2|autoscaling)/.test(type)))
      expect(inputs["region"], name).to.be.oneOf(["us-east-1", "us-west-2"]);
  });

  it("passes each child to its transform", async () => {
    const changed = await recordSweep(
      { managedPolicies: ["arn:aws:iam::aws:policy/P"], datasets: [dataset()] },
      {
        transform: {
          role: {
            role: { permissionsBoundary: "arn:boundary" },
            policy: { name: "other" },
            attachments: { policyArn: "arn:other" },
            profile: { path: "/batch/" },
          },
          fleets: {
            securityGroup: { description: "mine" },
            launchTemplate: (args) => {
              if (args.region === "us-east-1") args.keyName = "debug";
            },
            group: { maxInstanceLifetime: 604_800 },
          },
          run: { deadlineSeconds: 60 },
        },
      },
    );
    expect(inputs("role", changed)["permissionsBoundary"]).to.equal("arn:boundary");
    expect(inputs("policy", changed)["name"]).to.equal("other");
    expect(inputs("policy-aws-P", changed)["policyArn"]).to.equal("arn:other");
    expect(inputs("profile", changed)["path"]).to.equal("/batch/");
    expect(inputs("us-west-2-security-group", changed)["description"]).to.equal("mine");
    expect(inputs("us-east-1-launch-template", changed)["keyName"]).to.equal("debug");
    expect(inputs("us-west-2-launch-template", changed)).not.to.have.property("keyName");
    expect(inputs("us-west-2-group", changed)["maxInstanceLifetime"]).to.equal(604_800);
    expect(inputs("run", changed)["deadlineSeconds"]).to.equal(60);
  });

  it("requires a location in each region", async () => {
    const places = new Map([...PLACES].filter(([region]) => region !== parseRegion("us-west-2")));
    const error = await errorOf(recordSweep({}, { places }));
    expect(error.message).to.contain("the sweep has no place in us-west-2");
  });
});
