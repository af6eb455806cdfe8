import { expect } from "chai";
import { parse as parseYaml } from "yaml";
import { type Aws, sha256 } from "./support/aws.ts";
import { type Ended, succeed } from "./support/process.ts";
import { bucketOf, RECORDS, REGIONS, randomFile, sharedWorld, USAGE, type World } from "./support/world.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const DAY = 86_400_000;

describe("A file staged in three regions", () => {
  const bytes = randomFile(40 * MIB + 12_345); // three parts, the last one short
  const NAME = "reference genome.fasta";
  let world: World;
  let aws: Aws;
  let uploaded: Ended;
  let id: string;
  let startedAt: number;
  let endedAt: number;

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await world.writeFile(NAME, bytes);
    startedAt = Date.now();
    uploaded = await succeed(
      world.spawn(
        ...["stage", "upload", NAME, "--regions", REGIONS.join(",")],
        ...["--dest", "/mnt/data/reference.fasta", "--ttl", "14", "--sweep-id", "sweep-xyz789"],
      ),
    );
    endedAt = Date.now();
    id = uploaded.stdout.trim();
  });
  after(async () => {
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  });

  it("prints its ID alone on stdout, and everything else on stderr", () => {
    expect(uploaded.stdout).to.match(/^stage-[0-9a-f]{12}\n$/);
    for (const line of [
      `Staging Data: ${NAME}`,
      "Size: 40.0 MB",
      "Regions: us-east-1, us-west-2, eu-west-1",
      "Destination: /mnt/data/reference.fasta",
      "✅ Staging Complete!",
      `Staging ID: ${id}`,
      "Metadata stored in DynamoDB",
      `TTL: 14 days (auto-cleanup on ${new Date(startedAt + 14 * DAY).toISOString().slice(0, 10)})`,
      "Cost Summary:",
      "  Upload: $0.00 (free to S3)",
      "Estimated Savings:",
      "To use in parameter sweep:",
      `  spawn launch --params sweep.yaml --stage-id ${id}`,
    ]) {
      expect(uploaded.stderr.split("\n")).to.include(line);
    }
    expect(uploaded.stderr).to.not.contain("\u001b");
  });

  it("has the same bytes in every region", async () => {
    for (const region of REGIONS) {
      expect(await aws.sha256(region, bucketOf(region), `${id}/${NAME}`), region).to.equal(sha256(bytes));
    }
  });

  it("has its tags in every region, and the replication tags in the primary region only", async () => {
    for (const region of REGIONS) {
      const tags = await aws.tags(region, bucketOf(region), `${id}/${NAME}`);
      expect(tags, region).to.deep.equal({
        StagingID: id,
        "spawn:ttl-days": "14",
        ...(region === "us-east-1"
          ? { "spawn:replicate-us-west-2": "true", "spawn:replicate-eu-west-1": "true" }
          : {}),
      });
    }
  });

  it("has a manifest with the file's size and SHA-256 in every region", async () => {
    for (const region of REGIONS) {
      const manifest = await aws.read(region, bucketOf(region), `${id}/.spawn-manifest.jsonl`);
      const [header, ...files] = manifest
        .toString()
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(header, region).to.include({ version: 1, kind: "file" });
      expect(files, region).to.have.length(1);
      expect(files[0], region).to.include({
        path: NAME,
        size: bytes.length,
        sha256: sha256(bytes),
        mode: "644",
      });
    }
  });

  it("has one version of each object and no open upload", async () => {
    for (const region of REGIONS) {
      const versions = await aws.versions(region, bucketOf(region), `${id}/`);
      expect(versions.map(({ key }) => key).sort(), region).to.deep.equal([
        `${id}/.spawn-manifest.jsonl`,
        `${id}/${NAME}`,
      ]);
      expect(await aws.openUploads(region, bucketOf(region), `${id}/`), region).to.deep.equal([]);
    }
  });

  it("has a record with the guide's schema", async () => {
    const record = (await aws.item(RECORDS, id)) ?? {};
    expect(record).to.deep.include({
      staging_id: id,
      filename: NAME,
      size_bytes: bytes.length,
      sha256: sha256(bytes),
      regions: [...REGIONS],
      destination: "/mnt/data/reference.fasta",
      sweep_id: "sweep-xyz789",
    });
    const at = Date.parse(String(record["uploaded_at"]));
    expect(record["uploaded_at"]).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(at).to.be.within(Math.floor(startedAt / 1000) * 1000, endedAt);
    expect(Date.parse(String(record["expires_at"]))).to.equal(at + 14 * DAY);
    const cost = record["cost"] as { replication: number; storage_per_day: number };
    const gb = bytes.length / GIB;
    expect(cost.replication).to.be.closeTo(gb * 2 * 0.02, 1e-6);
    expect(cost.storage_per_day).to.be.closeTo((gb * 3 * 0.023) / 30, 1e-6);
  });

  it("has an open row in the usage table", async () => {
    const row = (await aws.item(USAGE, id)) ?? {};
    expect(row).to.deep.include({
      staging_id: id,
      filename: NAME,
      size_bytes: bytes.length,
      regions: [...REGIONS],
      ttl_days: 14,
      sweep_id: "sweep-xyz789",
    });
    expect(row["opened_at"]).to.match(/^\d{4}-\d\d-\d\dT/);
    expect(row).to.not.have.property("closed_at");
  });

  it("appears in list and info, with the same values in every format", async () => {
    const out = async (...args: string[]) => (await succeed(world.spawn("stage", ...args))).stdout;
    const [info, list, infoYaml, listYaml, infoEnvelope, listEnvelope] = await Promise.all([
      out("info", id, "--format", "json"),
      out("list", "--format", "json"),
      out("info", id, "--format", "yaml"),
      out("list", "--format", "yaml"),
      out("info", id, "--json"),
      out("list", "--json"),
    ]);
    const metadata = JSON.parse(info);
    expect(metadata).to.deep.include({
      staging_id: id,
      filename: NAME,
      size_bytes: bytes.length,
      sha256: sha256(bytes),
      regions: [...REGIONS],
      destination: "/mnt/data/reference.fasta",
      sweep_id: "sweep-xyz789",
      instance_count: 0,
      download_count: 0,
    });
    const record = await aws.item(RECORDS, id);
    for (const key of ["uploaded_at", "expires_at", "cost"]) {
      expect(metadata[key], key).to.deep.equal(record?.[key]);
    }
    const ours = (entries: { staging_id: string }[]) => entries.find(({ staging_id }) => staging_id === id);
    // The details have more: current settings, and costs so far.
    const listed = ours(JSON.parse(list)) as unknown as Record<string, unknown>;
    expect(metadata).to.deep.include(listed);
    expect(metadata.lifecycle_rules).to.deep.equal(
      Object.fromEntries(REGIONS.map((region) => [region, "spawn-ttl-14"])),
    );
    expect(parseYaml(infoYaml)).to.deep.equal(metadata);
    expect(ours(parseYaml(listYaml))).to.deep.equal(listed);
    expect(JSON.parse(infoEnvelope)).to.deep.equal({ status: 0, result: metadata, warnings: [] });
    expect(ours(JSON.parse(listEnvelope).result)).to.deep.equal(listed);
  });

  it("appears in the guide's table and details", async () => {
    const [list, info] = await Promise.all([
      succeed(world.spawn("stage", "list", "--sweep-id", "sweep-xyz789", "--region", "eu-west-1")),
      succeed(world.spawn("stage", "info", id)),
    ]);
    const day = new Date(startedAt).toISOString().slice(0, 10);
    expect(list.stdout.replaceAll(/ +/g, " ")).to.equal(
      `STAGING ID SIZE REGIONS UPLOADED TTL SWEEP ID\n${id} 40MB 3 ${day} 14d sweep-xyz789\n`,
    );
    const lines = info.stdout.split("\n");
    for (const line of [
      `Staging ID: ${id}`,
      `File: ${NAME}`,
      "Size: 40.0 MB (41,955,385 bytes)",
      `SHA256: ${sha256(bytes)}`,
      "Sweep ID: sweep-xyz789",
      ...REGIONS.map((region) => `  ${region}: s3://spawn-staging-${region}/${id}/${NAME}`),
      "Destination: /mnt/data/reference.fasta",
      "Instances Using Data: 0",
    ]) {
      expect(lines).to.include(line);
    }
    const times = (label: string) => lines.find((line) => line.startsWith(`${label}: ${day.slice(0, 2)}`));
    expect(times("Uploaded")).to.match(/^Uploaded: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    expect(times("Expires")).to.match(/^Expires: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(14 days\)$/);
  });

  it("is absent from the list of another sweep", async () => {
    const { stdout } = await succeed(world.spawn("stage", "list", "--sweep-id", "sweep-other", "--json"));
    expect(JSON.parse(stdout).result).to.deep.equal([]);
  });
});

describe("The guide's script", () => {
  it("captures an upload's ID in a variable", async () => {
    const world = await sharedWorld();
    await world.writeFile("reference.fasta", Buffer.from("ACGT\n"));
    const { stdout } = await succeed(
      world.bash(`
        genome_id=$(spawn stage upload reference.fasta --regions us-east-1,us-west-2 --dest /data/reference.fasta)
        spawn stage info "$genome_id" --format json
        spawn stage delete "$genome_id" --yes`),
    );
    expect(JSON.parse(stdout)).to.deep.include({
      filename: "reference.fasta",
      size_bytes: 5,
      regions: ["us-east-1", "us-west-2"],
      destination: "/data/reference.fasta",
      sweep_id: null,
    });
  });
});
