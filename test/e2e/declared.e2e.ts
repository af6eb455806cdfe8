import { mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { type Aws, sha256 } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { randomFile, sharedWorld, type World } from "./support/world.ts";

const REGIONS = ["us-west-2", "us-east-1"] as const;
const FILE = "Pulumi.declared.yaml";
const bucketOf = (region: string): string => `e2e-declared-${region}`;

interface Item {
  readonly name: string;
  readonly ttl: number;
  readonly allowAccounts?: string;
  /** @default data/<name>.bin */
  readonly source?: string;
}

/** An environment's file as a user writes it, whose items have sources beside it. */
function settings(items: readonly Item[]): string {
  const entries = items.map(
    ({ name, ttl, allowAccounts = "[]", source = `data/${name}.bin` }) => `    - name: ${name}
      source: ${source}
      dest: /opt/${name}
      ttl: ${ttl}
      sweep: sweep-declared
      allowAccounts: ${allowAccounts}
`,
  );
  return `config:
  spawn:cloud: local
  spawn:regions: [${REGIONS.join(", ")}]
  spawn:bucketPrefix: e2e-declared-
  spawn:entries:${items.length === 0 ? " []\n" : `\n${entries.join("")}`}`;
}

describe("Entries that an environment's file declares", () => {
  const contents = { reference: randomFile(18_000_000), extra: randomFile(1_000) };
  const ids: Record<string, string> = {};
  let world: World;
  let aws: Aws;

  const list = async () => {
    const { stdout } = await succeed(world.spawn("stage", "list", "--environment", "declared", "--json"));
    return (JSON.parse(stdout) as { result: Record<string, unknown>[] }).result;
  };
  const versionsOf = async (name: string) =>
    (
      await Promise.all(REGIONS.map((region) => aws.versions(region, bucketOf(region), `${ids[name]}/`)))
    ).flat();
  const record = (name: string) => aws.item("spawn-staging-declared", ids[name] ?? "", REGIONS[0]);
  const up = () => succeed(world.pulumi("pulumi up -s declared --yes --skip-preview"));
  /** Runs `work` while the entry is as after its expiry: an old usage row, and no record. */
  async function expired(id: string, work: () => Promise<void>): Promise<void> {
    const dynamo = aws.dynamo(REGIONS[0]);
    const Key = { staging_id: { S: id } };
    const [row, own] = await Promise.all(
      ["spawn-usage-declared", "spawn-staging-declared"].map(async (TableName) => {
        const { Item } = await dynamo.send(new GetItemCommand({ TableName, Key }));
        if (Item === undefined) throw new Error(`${TableName} has no item ${id}`);
        return { TableName, Item };
      }),
    );
    if (row === undefined || own === undefined) throw new Error("there are two tables");
    const old = { ...row.Item, uploaded_at: { S: "2000-01-02T00:00:00Z" } };
    await dynamo.send(new PutItemCommand({ ...row, Item: old }));
    await dynamo.send(new DeleteItemCommand({ TableName: own.TableName, Key }));
    await work();
    await Promise.all([row, own].map((item) => dynamo.send(new PutItemCommand(item))));
  }

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await mkdir(join(world.project, "data"), { recursive: true });
    for (const [name, bytes] of Object.entries(contents)) {
      await writeFile(join(world.project, "data", `${name}.bin`), bytes);
    }
    await world.writeProjectFile(
      FILE,
      settings([
        { name: "reference", ttl: 5 },
        { name: "extra", ttl: 7, allowAccounts: '["000000000042", 123456789012]' },
      ]),
    );
  });

  it("are uploaded into every region by pulumi up", async () => {
    await succeed(world.pulumi("pulumi stack init declared --no-select"));
    const { stdout } = await succeed(world.pulumi("pulumi up -s declared --yes"));
    expect(stdout).to.contain(
      "would move 17.2 MB (1 file) to us-west-2, and replicate to us-east-1; estimated cost: <$0.01 for 5 days",
    );
    const entries = await list();
    expect(entries).to.have.length(2);
    for (const entry of entries) ids[String(entry["declared_as"])] = String(entry["staging_id"]);
    expect(Object.keys(ids).sort()).to.deep.equal(["extra", "reference"]);
    for (const [name, bytes] of Object.entries(contents)) {
      for (const region of REGIONS) {
        const key = `${ids[name]}/${name}.bin`;
        expect(await aws.sha256(region, bucketOf(region), key), `${name} in ${region}`).to.equal(
          sha256(bytes),
        );
      }
    }
  });

  it("appear in list and info", async () => {
    const args = ["--environment", "declared", "--format", "json"];
    const { stdout } = await succeed(world.spawn("stage", "info", ids["reference"] ?? "", ...args));
    expect(JSON.parse(stdout)).to.deep.include({
      staging_id: ids["reference"],
      filename: "reference.bin",
      size_bytes: 18_000_000,
      sha256: sha256(contents.reference),
      regions: [...REGIONS],
      destination: "/opt/reference",
      sweep_id: "sweep-declared",
      stack: "declared",
      declared_as: "reference",
    });
    // Another environment on the same cloud must not list them.
    expect((await succeed(world.spawn("stage", "list", "--json"))).stdout).to.not.contain(ids["reference"]);
  });

  it("are shared with the accounts that the item names", async () => {
    const { allow_accounts, access_points } = (await record("extra")) ?? {};
    expect(allow_accounts).to.deep.equal(["000000000042", "123456789012"]);
    for (const [region, { alias }] of Object.entries(access_points as Record<string, { alias: string }>)) {
      expect(await aws.sha256(region, alias, `${ids["extra"]}/extra.bin`)).to.equal(sha256(contents.extra));
    }
    expect(await record("reference")).to.not.have.any.keys("allow_accounts", "access_points");
  });

  it("do not change without an edit", async () => {
    await succeed(world.pulumi("pulumi preview -s declared --expect-no-changes"));
    await succeed(world.pulumi("pulumi refresh -s declared --yes --expect-no-changes"));
  });

  it("do not change when their source is spelled differently", async () => {
    const written = await world.readProjectFile(FILE);
    const absolute = join(world.project, "data/./extra.bin");
    await world.writeProjectFile(
      FILE,
      settings([
        { name: "reference", ttl: 5, source: "./data//reference.bin" },
        { name: "extra", ttl: 7, allowAccounts: '["000000000042", 123456789012]', source: absolute },
      ]),
    );
    await succeed(world.pulumi("pulumi preview -s declared --expect-no-changes"));
    const args = ["--environment", "declared", "--json"];
    const { stdout } = await succeed(world.spawn("environment", "preview", ...args));
    const { changes, transfers } = JSON.parse(stdout).result;
    expect(changes).to.not.have.any.keys("create", "delete", "replace");
    expect(transfers).to.deep.equal([]);
    await world.writeProjectFile(FILE, written);
  });

  it("are refused by stage delete, which names the file and the item", async () => {
    const id = ids["reference"] ?? "";
    const before = await versionsOf("reference");
    const { code, stdout, stderr } = await world.spawn(
      ...["stage", "delete", id, "--yes", "--environment", "declared"],
    );
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
    expect(stderr).to.contain(FILE);
    expect(stderr).to.contain("item reference");
    expect(stderr).to.contain("spawn environment up --environment declared");
    expect(await versionsOf("reference")).to.deep.equal(before);
  });

  it("are refused by stage update, which names the file and the item", async () => {
    const id = ids["reference"] ?? "";
    const { code, stdout, stderr } = await world.spawn(
      ...["stage", "update", id, "--ttl", "30", "--environment", "declared"],
    );
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
    expect(stderr).to.contain(`${id} is declared in ${FILE} as item reference of spawn:entries`);
    expect(stderr).to.contain(
      `Fix: Edit the item reference in ${FILE}, then run: spawn environment up --environment declared\n`,
    );
  });

  it("keep the environment from being destroyed", async () => {
    const { code, stderr } = await world.spawn(
      ...["environment", "destroy", "--yes", "--environment", "declared"],
    );
    expect(code).to.equal(2);
    expect(stderr).to.contain("still has 2 entries");
    expect(stderr).to.contain(FILE);
  });

  it("change their TTL without moving data", async () => {
    const versions = await versionsOf("reference");
    const before = (await record("reference")) ?? {};
    await world.writeProjectFile(FILE, (await world.readProjectFile(FILE)).replace("ttl: 5", "ttl: 9"));
    await up();
    expect(await versionsOf("reference")).to.deep.equal(versions);
    for (const region of REGIONS) {
      const tags = await aws.tags(region, bucketOf(region), `${ids["reference"]}/reference.bin`);
      expect(tags, region).to.include({ StagingID: ids["reference"], "spawn:ttl-days": "9" });
    }
    const after = (await record("reference")) ?? {};
    const days =
      (Date.parse(String(after["expires_at"])) - Date.parse(String(before["uploaded_at"]))) / 864e5;
    expect(days).to.equal(9);
    expect(after).to.include({ uploaded_at: before["uploaded_at"], sha256: before["sha256"] });
    await succeed(world.pulumi("pulumi refresh -s declared --yes --expect-no-changes"));
  });

  it("do not change when their source is gone, or only its time changes", async () => {
    const source = join(world.project, "data", "extra.bin");
    await utimes(source, new Date(0), new Date(0));
    await succeed(world.pulumi("pulumi preview -s declared --expect-no-changes"));
    await rm(source);
    const { stdout } = await succeed(world.pulumi("pulumi preview -s declared --expect-no-changes"));
    expect(stdout).to.contain(`item extra: its source cannot be compared with ${ids["extra"]}, which stays`);
    await writeFile(source, contents.extra);
  });

  it("keep ID and data when their item is renamed, and show no replacement", async () => {
    const written = await world.readProjectFile(FILE);
    const versions = await versionsOf("extra");
    await world.writeProjectFile(FILE, written.replace("name: extra", "name: renamed"));
    await up();
    expect((await list()).find((entry) => entry["declared_as"] === "renamed")?.["staging_id"]).to.equal(
      ids["extra"],
    );
    expect(await versionsOf("extra")).to.deep.equal(versions);
    const { stderr } = await world.spawn("stage", "delete", ids["extra"] ?? "", "--environment", "declared");
    expect(stderr).to.contain(`is declared in ${FILE} as item renamed of spawn:entries`);
    await expired(ids["extra"] ?? "", async () => {
      const listed = await succeed(world.spawn("stage", "list", "--environment", "declared"));
      expect(listed.stderr).to.contain(`the item renamed of spawn:entries (${ids["extra"]}) expired on `);
    });
    await world.writeProjectFile(FILE, written);
  });

  it("are replaced after their source has changed, when the new entry is complete", async () => {
    const before = ids["extra"] ?? "";
    const content = randomFile(1_000);
    await writeFile(join(world.project, "data", "extra.bin"), content);
    const unasked = await world.spawn("environment", "up", "--environment", "declared");
    expect(unasked.code).to.equal(2);
    expect(unasked.stderr).to.match(
      new RegExp(`The source of item extra has changed: stage-[0-9a-f]{12} replaces ${before}`),
    );
    const { stdout } = await up();
    expect(stdout).to.contain("item extra: its source has changed");
    expect(await versionsOf("extra")).to.deep.equal([]);
    const usage = await aws.item("spawn-usage-declared", before, REGIONS[0]);
    expect(usage?.["closed_at"]).to.be.a("string");
    const entry = (await list()).find((one) => one["declared_as"] === "extra");
    ids["extra"] = String(entry?.["staging_id"]);
    expect(ids["extra"]).to.not.equal(before);
    for (const region of REGIONS) {
      const key = `${ids["extra"]}/extra.bin`;
      expect(await aws.sha256(region, bucketOf(region), key), region).to.equal(sha256(content));
    }
    await succeed(world.pulumi("pulumi preview -s declared --expect-no-changes"));
  });

  it("are adopted from the command line and ejected again, without moving data", async () => {
    const before = await world.readProjectFile(FILE);
    const args = ["--environment", "declared", "--json"];
    const source = join(world.project, "data", "adopted.bin");
    await writeFile(source, randomFile(1_000));
    const upload = ["stage", "upload", source, "--regions", REGIONS.join(","), "--ttl", "3", ...args];
    const id = String(JSON.parse((await succeed(world.spawn(...upload))).stdout).result.staging_id);
    ids["adopted"] = id;
    const versions = await versionsOf("adopted");
    const recorded = (await record("adopted")) ?? {};
    const adopt = await succeed(world.spawn("stage", "adopt", id, "--name", "adopted", ...args));
    expect(JSON.parse(adopt.stdout).result).to.deep.equal({
      ...{ staging_id: id, declared_as: "adopted", file: FILE },
    });
    expect(await record("adopted")).to.deep.equal({ ...recorded, stack: "declared", declared_as: "adopted" });
    expect(await world.readProjectFile(FILE)).to.contain(`id: ${id}\n      source: data/adopted.bin\n`);
    await succeed(world.pulumi("pulumi preview -s declared --expect-no-changes"));
    expect((await world.spawn("stage", "adopt", id, ...args)).code).to.equal(2);
    await succeed(world.spawn("stage", "eject", "adopted", ...args));
    expect(await record("adopted")).to.deep.equal(recorded);
    expect(await world.readProjectFile(FILE)).to.equal(before);
    expect(await versionsOf("adopted")).to.deep.equal(versions);
    await succeed(world.spawn("stage", "delete", id, "--yes", ...args));
  });

  it("lose their record after their expiry, show no drift, and get no record again", async () => {
    const id = ids["extra"] ?? "";
    const OLD = "2000-01-02T00:00:00Z";
    const { stdout } = await succeed(world.pulumi("pulumi stack export -s declared"));
    const state = JSON.parse(stdout) as { deployment: { resources: { urn: string; outputs?: object }[] } };
    const { deployment } = state;
    const data = deployment.resources.find(({ urn }) => urn.endsWith(`::${id}-data`))?.outputs;
    const { uploadedAt } = data as { uploadedAt: string };
    const resources = deployment.resources.map((one) =>
      one.urn.includes(id) ? JSON.parse(JSON.stringify(one).replaceAll(uploadedAt, OLD)) : one,
    );
    const old = JSON.stringify({ ...state, deployment: { ...deployment, resources } });
    await world.writeProjectFile("old.json", old);
    await succeed(world.pulumi("pulumi stack import -s declared --file old.json"));
    await rm(join(world.project, "old.json"));
    await aws.dynamo(REGIONS[0]).send(
      new UpdateItemCommand({
        TableName: "spawn-usage-declared",
        Key: { staging_id: { S: id } },
        UpdateExpression: "SET uploaded_at = :old",
        ExpressionAttributeValues: { ":old": { S: OLD } },
      }),
    );
    for (const region of REGIONS)
      for (const { bucket, key, versionId } of await aws.versions(region, bucketOf(region), `${id}/`))
        await aws
          .s3(region)
          .send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
    await up();
    expect(await record("extra")).to.equal(undefined);
    await succeed(world.pulumi("pulumi refresh -s declared --yes --expect-no-changes"));
    await succeed(world.pulumi("pulumi up -s declared --yes --refresh --expect-no-changes"));
    expect(await record("extra")).to.equal(undefined);
  });

  it("are deleted everywhere when their item is removed", async () => {
    await world.writeProjectFile(FILE, settings([{ name: "reference", ttl: 9 }]));
    await up();
    expect(await versionsOf("extra")).to.deep.equal([]);
    expect(await record("extra")).to.equal(undefined);
    const usage = await aws.item("spawn-usage-declared", ids["extra"] ?? "", REGIONS[0]);
    expect(usage?.["closed_at"]).to.be.a("string");
    expect((await list()).map((entry) => entry["declared_as"])).to.deep.equal(["reference"]);
    expect(await versionsOf("reference")).to.have.length(4);
  });

  it("leave an environment that can be destroyed", async () => {
    await world.writeProjectFile(FILE, settings([]));
    const unasked = await world.spawn("environment", "up", "--environment", "declared");
    expect(unasked.code).to.equal(2);
    expect(unasked.stderr).to.contain("no longer declares:");
    expect(unasked.stderr).to.match(new RegExp(`^ {2}${ids["reference"]}  .*${REGIONS.join(", ")}$`, "m"));
    expect(unasked.stderr).to.contain("Fix: spawn environment up --environment declared --yes");
    expect(await versionsOf("reference")).to.have.length(4);
    await succeed(world.spawn("environment", "up", "--yes", "--environment", "declared"));
    expect(await list()).to.deep.equal([]);
    await succeed(world.spawn("environment", "destroy", "--yes", "--environment", "declared"));
    for (const region of REGIONS)
      expect(await aws.hasBucket(region, bucketOf(region)), region).to.equal(false);
    const status = await world.spawn("environment", "status", "--environment", "declared");
    expect(status.code).to.equal(1);
    expect(await world.readProjectFile(FILE)).to.contain("spawn:entries");
  });
});
