import { DeleteBucketCommand, DeleteBucketLifecycleCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { Aws } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { randomFile, sharedWorld, type World } from "./support/world.ts";

const REGIONS = ["eu-west-1", "us-east-2"] as const;
const bucketOf = (region: string): string => `e2e-second-${region}`;
const IN_SECOND = ["--environment", "second"];

/** The settings file with more keys. They are not appended, because the engine appends a line of its own. */
const withLines = (file: string, ...lines: string[]): string =>
  file.replace("config:", ["config:", ...lines.map((line) => `  ${line}`)].join("\n"));

describe("An environment", () => {
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

  it("does not exist at first: status prints the command that creates it, preview lists its resources", async () => {
    const status = await environment("status");
    expect(status.code).to.equal(1);
    expect(status.stdout).to.match(/^ {2}eu-west-1 +e2e-second-eu-west-1 +missing$/m);
    expect(status.stdout).to.match(/^ {2}records +spawn-staging-second +missing$/m);
    expect(status.stdout).to.match(/^ {2}sweeps +spawn-sweeps-second +missing$/m);
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

  it("refuses uploads, lists and details until it exists, and names the command that creates it", async () => {
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

  it("is created by up, after which up and preview find no change", async () => {
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

  it("gets a bucket for each region that is added to its file", async () => {
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

  describe("with an entry", () => {
    let id: string;
    let file: string;
    before(async () => {
      file = await world.readProjectFile("Pulumi.second.yaml");
      await world.writeFile("kept.dat", randomFile(2_000));
      id = await world.upload("kept.dat", "--regions", "eu-west-1,us-east-2", ...IN_SECOND);
    });
    afterEach(() => world.writeProjectFile("Pulumi.second.yaml", file));
    const isWhole = async () => {
      expect(await aws.item("spawn-staging-second", id, "eu-west-1")).to.include({ staging_id: id });
      for (const region of REGIONS)
        expect(await aws.versions(region, bucketOf(region), `${id}/`)).to.have.length(2);
    };

    for (const [change, from, to, key] of [
      ["a new order of the regions", "[eu-west-1, us-east-2", "[us-east-2, eu-west-1", "spawn:regions"],
      ["another prefix of the buckets", "e2e-second-", "e2e-moved-", "spawn:bucketPrefix"],
      ["another table", "config:", "config:\n  spawn:recordsTable: moved", "spawn:recordsTable"],
    ] as const) {
      it(`cannot move after ${change}: preview, up and plain pulumi refuse, and the old file works again`, async () => {
        const before = await world.traces();
        await world.writeProjectFile("Pulumi.second.yaml", file.replace(from, to));
        for (const command of ["preview", "up"]) {
          const { code, stderr } = await environment(command);
          expect(code, stderr).to.equal(2);
          expect(stderr).to.contain(`Error: ${key} would`);
          expect(stderr).to.contain("on purpose");
        }
        const plain = await world.pulumi("pulumi up -s second --yes --skip-preview");
        expect(plain.code).to.not.equal(0);
        expect(plain.stdout + plain.stderr).to.contain(`${key} would`);
        await world.writeProjectFile("Pulumi.second.yaml", file);
        expect(Object.keys(await changesOf("up"))).to.deep.equal(["same"]);
        expect(await world.traces()).to.deep.equal(before);
        await isWhole();
      });
    }

    it("is protected from another environment that names its tables and buckets", async () => {
      const named = withLines(
        file,
        "spawn:recordsTable: spawn-staging-second",
        "spawn:usageTable: spawn-usage-second",
        "spawn:sweepsTable: spawn-sweeps-second",
      );
      await world.writeProjectFile("Pulumi.twin.yaml", named);
      for (const args of [
        ["environment", "up"],
        ["environment", "status"],
        ["environment", "destroy", "--yes"],
        ["stage", "list"],
        ["stage", "info", id],
        ["stage", "upload", "kept.dat", "--regions", "eu-west-1"],
        ["stage", "update", id, "--ttl", "9"],
        ["stage", "cleanup", "--orphans", "--yes"],
        ["stage", "delete", id, "--yes"],
      ]) {
        const { code, stderr } = await world.spawn(...args, "--environment", "twin");
        expect({ code, args: args.join(" ") }).to.deep.equal({ code: 2, args: args.join(" ") });
        expect(stderr).to.match(
          /Error: spawn:\w+ names the (table|bucket) \S+, which belongs to environment second/,
        );
      }
      await isWhole();
    });

    it("is repaired by up after a bucket, its rules or a table was deleted", async () => {
      await aws.s3("ap-south-1").send(new DeleteBucketCommand({ Bucket: bucketOf("ap-south-1") }));
      await aws.s3("us-east-2").send(new DeleteBucketLifecycleCommand({ Bucket: bucketOf("us-east-2") }));
      const refused = await world.spawn(
        "stage",
        "upload",
        "kept.dat",
        "--regions",
        "us-east-2",
        ...IN_SECOND,
      );
      expect(refused.code).to.equal(2);
      expect(refused.stderr).to.contain(
        "is not whole: there is no lifecycle of the bucket e2e-second-us-east-2",
      );
      expect(refused.stderr).to.contain("Fix: spawn environment up --environment second");
      const { stderr } = await succeed(environment("up"));
      expect(stderr).to.contain(
        "the bucket e2e-second-ap-south-1 in ap-south-1 is missing and is created again",
      );
      expect((await environment("status")).code).to.equal(0);
      expect(Object.keys(await changesOf("up"))).to.deep.equal(["same"]);
      await isWhole();
    });

    it("is adopted with its data after its stack was lost", async () => {
      await succeed(world.pulumi("pulumi stack rm --force --yes --preserve-config second"));
      const changes = await changesOf("up");
      expect(changes).to.have.property("import", 7);
      expect(Object.keys(await changesOf("up"))).to.deep.equal(["same"]);
      await isWhole();
      await succeed(world.spawn("stage", "delete", id, "--yes", ...IN_SECOND));
    });

    it("keeps its tables and role from another environment of the same name", async () => {
      const other = file.replace("e2e-second-", "e2e-team-b-");
      await succeed(world.pulumi("pulumi stack export -s second --file second.state"));
      await succeed(world.pulumi("pulumi stack rm --force --yes --preserve-config second"));
      await world.writeProjectFile("Pulumi.second.yaml", other);
      const refused = await environment("up");
      expect(refused.code).to.equal(2);
      expect(refused.stderr).to.contain("which belongs to another environment second");
      await world.writeProjectFile(
        "Pulumi.second.yaml",
        withLines(
          other,
          "spawn:recordsTable: team-b-records",
          "spawn:usageTable: team-b-usage",
          "spawn:sweepsTable: team-b-sweeps",
        ),
      );
      const role = await environment("up");
      expect(role.code).to.equal(2);
      expect(role.stderr).to.contain("spawn:namePrefix gives the IAM role spawn-replication-second");
      expect(await aws.hasBucket("eu-west-1", "e2e-team-b-eu-west-1")).to.equal(false);
      await world.writeProjectFile("Pulumi.second.yaml", file);
      await succeed(world.pulumi("pulumi stack import -s second --file second.state"));
      expect(Object.keys(await changesOf("up"))).to.deep.equal(["same"]);
    });
  });

  // Mocha runs the tests of nested suites last.
  describe("at its end", () => {
    it("cannot be destroyed while it has an entry, and is destroyed after the entry's deletion", async () => {
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

    it("can be created again afterwards", async () => {
      expect(await changesOf("up")).to.have.property("create");
      await succeed(environment("destroy", "--yes"));
    });
  });
});
