import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { buildTool } from "../../bench/build-tool.ts";
import { packageRoot } from "../../package-root.ts";
import type { Aws } from "./support/aws.ts";
import { type Ended, succeed } from "./support/process.ts";
import { bucketOf, RECORDS, randomFile, sharedWorld, USAGE, type World } from "./support/world.ts";

const REGIONS = ["us-east-1", "us-west-2"] as const;
/** The environment of the checkout's Pulumi.dev.yaml. */
const DEV = { name: "dev", cloud: "local", regions: ["us-east-1", "us-west-2", "eu-west-1"] };

/** A reference to a value of the program. */
const ref = (path: string): string => `\${${path}}`;

describe("A Pulumi YAML program", () => {
  let world: World;
  let aws: Aws;
  let host: string;
  let folder: string;

  /** Writes the program as JSON, which is YAML. */
  const declare = (resources: object, outputs: object = {}): Promise<void> =>
    writeFile(
      join(folder, "Pulumi.yaml"),
      JSON.stringify({
        name: "yaml-data",
        runtime: "yaml",
        plugins: { providers: [{ name: "staging", path: join(world.project, "provider/bin") }] },
        resources,
        outputs,
      }),
    );
  const pulumi = (command: string): Promise<Ended> =>
    world.bash(
      `eval "$(spawn env)"\nexport PATH="${host}:$PATH"\ncd "${folder}"\npulumi ${command}`,
      world.project,
    );
  const outputs = async (): Promise<Record<string, unknown>> =>
    JSON.parse((await succeed(pulumi("stack output --json"))).stdout) as Record<string, unknown>;
  const versionsOf = async (id: string, bucket: (region: string) => string) =>
    (await Promise.all(REGIONS.map((region) => aws.versions(region, bucket(region), `${id}/`)))).flat();
  const newStack = async (name: string): Promise<void> => {
    await succeed(pulumi(`stack init ${name}`));
    await succeed(pulumi("config set aws:region us-east-1"));
  };

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    host = join(world.home, "yaml host");
    folder = join(world.home, "yaml program");
    await Promise.all([mkdir(host), mkdir(folder)]);
    await symlink(await buildTool("pulumi-language-yaml"), join(host, "pulumi-language-yaml"));
    await writeFile(join(folder, "weights.pt"), randomFile(2_000_000));
  });

  describe("with an entry in an existing environment", () => {
    let id: string;
    const entry = (more: object = {}) => ({
      weights: {
        type: "staging:StagingEntry",
        properties: { environment: DEV, source: "weights.pt", regions: REGIONS, ttl: 3, ...more },
      },
    });
    const OUTPUTS = {
      id: ref("weights.stagingId"),
      uris: ref("weights.uris"),
      dataset: ref("weights.dataset"),
    };
    const versions = () => versionsOf(id, bucketOf);

    before(async () => {
      await declare(entry(), OUTPUTS);
      await newStack("entry");
    });

    it("stages a local file, verifies it and records it", async () => {
      const { stdout } = await succeed(pulumi("up --yes"));
      expect(stdout).to.match(/\b9 created\b/);
      const { uris, dataset, ...found } = await outputs();
      id = String(found["id"]);
      expect(uris).to.deep.equal(
        Object.fromEntries(REGIONS.map((region) => [region, `s3://${bucketOf(region)}/${id}/weights.pt`])),
      );
      expect(dataset).to.deep.include({ stagingId: id, kind: "file", sizeBytes: 2_000_000 });
      expect(await aws.item(RECORDS, id)).to.deep.include({ declared_as: "weights", ttl_days: 3 });
      await succeed(world.spawn("stage", "info", id, "--verify"));
    });

    it("previews no change", async () => {
      await succeed(pulumi("preview --expect-no-changes"));
    });

    it("changes the TTL and moves no data", async () => {
      const before = await versions();
      await declare(entry({ ttl: 5 }), OUTPUTS);
      const { stdout } = await succeed(pulumi("up --yes"));
      expect(stdout)
        .to.match(/\bupdated\b/)
        .and.not.match(/\b\d+ (created|deleted|replaced)\b/);
      expect(await aws.item(RECORDS, id)).to.deep.include({ ttl_days: 5 });
      expect(await versions()).to.deep.equal(before);
      expect((await outputs())["id"]).to.equal(id);
    });

    it("refuses invalid arguments with their paths, before any change", async () => {
      const before = await versions();
      await declare(entry({ regions: ["us-east-1", "mars"], ttl: 500, noSha256: true }), OUTPUTS);
      const { code, stdout } = await pulumi("up --yes --skip-preview");
      expect(code).to.not.equal(0);
      expect(stdout).to.contain("regions[1]").and.contain("mars");
      expect(stdout).to.contain("property ttl");
      expect(await versions()).to.deep.equal(before);
    });

    it("refuses a secret, and shows none", async () => {
      await succeed(pulumi("config set --secret hidden s3cr3t-text"));
      await declare(entry({ sweep: ref("hidden") }), OUTPUTS);
      const { code, stdout, stderr } = await pulumi("preview --logtostderr");
      expect(code).to.not.equal(0);
      expect(stdout).to.contain("property sweep").and.contain("it is a secret");
      expect(stdout + stderr).to.not.contain("s3cr3t-text");
      await succeed(pulumi("config rm hidden"));
    });

    it("deletes the data in every region and the record", async () => {
      await succeed(pulumi("destroy --yes --remove"));
      expect(await versions()).to.deep.equal([]);
      expect(await aws.item(RECORDS, id)).to.equal(undefined);
      expect((await aws.item(USAGE, id))?.["closed_at"]).to.be.a("string");
    });
  });

  it("creates and deletes the resources of examples/library/yaml", async () => {
    const example = join(packageRoot(), "examples/library/yaml");
    const text = await readFile(join(example, "Pulumi.yaml"), "utf8");
    const path = join(world.project, "provider/bin");
    await writeFile(join(folder, "Pulumi.yaml"), text.replace("../../../provider/bin", path));
    await copyFile(join(example, "reference.fasta"), join(folder, "reference.fasta"));
    await newStack("example");
    await succeed(pulumi("up --yes --skip-preview"));
    const { id, uris } = await outputs();
    expect(uris).to.deep.equal(
      Object.fromEntries(
        REGIONS.map((region) => [region, `s3://lab-staging-${region}/${id}/reference.fasta`]),
      ),
    );
    await succeed(pulumi("destroy --yes --remove"));
  });

  describe("with its own environment", () => {
    const bucket = (region: string): string => `lab-staging-${region}`;
    const environment = {
      type: "staging:StagingEnvironment",
      properties: { cloud: "local", regions: REGIONS, namePrefix: "lab" },
    };
    const entryOf = (source: string) => ({
      type: "staging:StagingEntry",
      properties: { environment: ref("lab.environment"), source },
    });
    const PROGRAM = {
      lab: environment,
      weights: entryOf("weights.pt"),
      // Declared at the same time as the other one.
      copy: entryOf("./copy.pt"),
    };
    const OUTPUTS = { weights: ref("weights.stagingId"), copy: ref("copy.stagingId") };

    before(async () => {
      await writeFile(join(folder, "copy.pt"), randomFile(100_000));
      await declare(PROGRAM, OUTPUTS);
      await newStack("lab");
    });

    it("previews the resources of the environment and of its entries", async () => {
      const { stdout } = await succeed(pulumi("preview"));
      for (const type of ["aws:s3:Bucket", "aws:dynamodb:Table", "staging:index:StagedData"])
        expect(stdout).to.contain(type);
      const created = stdout.matchAll(/staging:index:StagedData (\S+) create/g);
      expect(new Set([...created].map(([, name]) => name))).to.have.property("size", 2);
    });

    it("creates them, and then previews no change", async () => {
      await succeed(pulumi("up --yes --skip-preview"));
      const { weights, copy } = await outputs();
      expect(weights).to.not.equal(copy);
      for (const id of [weights, copy])
        expect(await aws.item("lab-staging-lab", String(id))).to.deep.include({ staging_id: id });
      await succeed(pulumi("preview --expect-no-changes"));
    });

    it("deletes the entries before the environment", async () => {
      const { weights } = await outputs();
      await succeed(pulumi("destroy --yes --remove"));
      expect(await world.spawn("stage", "list")).to.have.property("code", 0);
      const left = await versionsOf(String(weights), bucket).catch((error: Error) => error.name);
      expect(left).to.equal("NoSuchBucket");
    });
  });
});
