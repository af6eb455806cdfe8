import { expect } from "chai";
import type { Aws } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { randomFile, sharedWorld, type World } from "./support/world.ts";

const REGIONS = ["eu-west-1", "us-east-2"] as const;
const bucketOf = (region: string): string => `e2e-second-${region}`;
const IN_SECOND = ["--environment", "second"];

describe("An environment", function () {
  this.timeout(120_000);
  let world: World;
  let aws: Aws;
  const environment = (...args: string[]) => world.spawn("environment", ...args, ...IN_SECOND);
  const changesOf = async (...args: string[]) => {
    const { stdout, stderr } = await succeed(environment(...args, "--json"));
    expect(stderr).to.equal("");
    return JSON.parse(stdout).result.changes;
  };

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await world.writeProjectFile(
      "Pulumi.second.yaml",
      `config:\n  spawn:cloud: local\n  spawn:regions: [${REGIONS.join(", ")}]\n  spawn:bucketPrefix: e2e-second-\n`,
    );
  });

  it("is missing at first: status says so and how to make it, preview what would be made", async () => {
    const status = await environment("status");
    expect(status.code).to.equal(1);
    expect(status.stdout).to.match(/^ {2}eu-west-1 +e2e-second-eu-west-1 +missing$/m);
    expect(status.stdout).to.match(/^ {2}records +spawn-staging-second +missing$/m);
    expect(status.stderr).to.equal("Fix: spawn environment up --environment second\n");
    const json = await environment("status", "--json");
    expect(json.code).to.equal(1);
    expect(JSON.parse(json.stdout)).to.deep.include({ status: 1 });
    expect(JSON.parse(json.stdout).result.up).to.equal(false);

    const preview = await succeed(environment("preview"));
    expect(preview.stdout).to.match(/^create +aws:s3\/bucket:Bucket .*eu-west-1/m);
    const steps = preview.stdout.trimEnd().split("\n");
    expect(new Set(steps)).to.have.property("size", steps.length);
    expect(preview.stdout).to.match(/^Would be: \d+ created\.$/m);
    for (const region of REGIONS) expect(await aws.hasBucket(region, bucketOf(region))).to.equal(false);
  });

  it("refuses uploads, lists and details until it is up, with the command that makes it", async () => {
    await world.writeFile("early.dat", Buffer.from("early\n"));
    const before = await world.traces();
    for (const args of [
      ["upload", "early.dat", "--regions", "eu-west-1"],
      ["list"],
      ["info", "stage-0123456789ab"],
      ["delete", "stage-0123456789ab", "--yes"],
    ]) {
      const { code, stdout, stderr } = await world.spawn("stage", ...args, ...IN_SECOND);
      expect({ code, stdout }, args.join(" ")).to.deep.equal({ code: 2, stdout: "" });
      expect(stderr).to.match(/^Error: environment second is not up/m);
      expect(stderr).to.match(/^Fix: spawn environment up --environment second$/m);
    }
    expect(await world.traces()).to.deep.equal(before);
  });

  it("is made by up, and the second up and preview change nothing", async () => {
    const made = await succeed(environment("up"));
    expect(made.stdout).to.match(/^✅ Environment second is up: \d+ created\.\n$/);
    for (const region of REGIONS) expect(await aws.hasBucket(region, bucketOf(region))).to.equal(true);
    const changes = await changesOf("up");
    expect(Object.keys(changes)).to.deep.equal(["same"]);
    expect((await succeed(environment("preview"))).stdout).to.equal("Nothing would change.\n");
    const status = await succeed(environment("status"));
    expect(status.stdout).to.not.contain("missing");
    expect(status.stderr).to.equal("");
  });

  it("gets the bucket of a region that is added to its file", async () => {
    const file = await world.readProjectFile("Pulumi.second.yaml");
    await world.writeProjectFile(
      "Pulumi.second.yaml",
      file.replace("[eu-west-1, us-east-2]", "[eu-west-1, us-east-2, ap-south-1]"),
    );
    const preview = await succeed(environment("preview"));
    expect(preview.stdout).to.match(/^create +aws:s3\/bucket:Bucket .*ap-south-1.*$/m);
    expect(preview.stdout).to.not.match(/^(delete|replace)/m);
    await succeed(environment("up"));
    expect(await aws.hasBucket("ap-south-1", bucketOf("ap-south-1"))).to.equal(true);
  });

  it("refuses to be destroyed while there is an entry, and is gone after its deletion", async () => {
    await world.writeFile("held.dat", randomFile(1_000));
    const id = await world.upload("held.dat", "--regions", "ap-south-1,eu-west-1", ...IN_SECOND);
    const question = await environment("destroy");
    expect(question.code).to.equal(2);
    expect(question.stderr).to.contain("Fix: spawn environment destroy --environment second --yes\n");
    const refused = await environment("destroy", "--yes");
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.contain("environment second still has an entry");
    expect(refused.stderr).to.contain(`Fix: spawn stage delete ${id} --yes --environment second\n`);
    expect(await aws.versions("ap-south-1", bucketOf("ap-south-1"), `${id}/`)).to.have.length(2);

    await succeed(world.spawn("stage", "delete", id, "--yes", ...IN_SECOND));
    const destroyed = await succeed(environment("destroy", "--yes"));
    expect(destroyed.stdout).to.match(/^✅ Environment second destroyed: \d+ deleted\.\n$/);
    for (const region of [...REGIONS, "ap-south-1"]) {
      expect(await aws.hasBucket(region, bucketOf(region)), region).to.equal(false);
    }
    expect((await environment("status")).code).to.equal(1);
  });

  it("can be made again after that", async () => {
    expect(await changesOf("up")).to.have.property("create");
    await succeed(environment("destroy", "--yes"));
  });
});
