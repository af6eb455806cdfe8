import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import {
  listEnvironments,
  parseEnvironmentConfig,
  readEnvironmentFile,
} from "../../stacks/environment-file.ts";
import { InputError } from "../../staging/errors.ts";
import { refusalOf } from "../staging/refusal.ts";
import { errorOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";

const BASE = { cloud: "local", regions: ["us-east-1", "us-west-2"] };

describe("parseEnvironmentConfig", () => {
  const entriesOf = (...entries: unknown[]) =>
    parseEnvironmentConfig("dev", { ...BASE, entries }, "/home/me/my project").entries;

  it("resolves relative sources against the project's folder", () => {
    const sources = ["data/reference.fasta", "../shared/", "/mnt/data/x", "s3://bucket/key"];
    const entries = entriesOf(...sources.map((source, place) => ({ name: `item${place}`, source })));
    expect(entries.map(({ source }) => source)).to.deep.equal([
      "/home/me/my project/data/reference.fasta",
      "/home/me/shared",
      "/mnt/data/x",
      "s3://bucket/key",
    ]);
  });

  it("refuses an entry in a region without a bucket, with a fix", () => {
    const { message, why, fix } = refusalOf(() =>
      entriesOf({ name: "reference", source: "x", regions: "eu-west-1" }),
    );
    expect(message).to.equal(
      "Pulumi.dev.yaml: spawn:entries: item reference: regions is not valid: environment dev has no bucket in eu-west-1",
    );
    expect(why).to.equal("It has one in us-east-1, us-west-2.");
    expect(fix).to.include("Add eu-west-1 to spawn:regions in Pulumi.dev.yaml");
  });

  it("has no entries without a declaration", () => {
    expect(parseEnvironmentConfig("dev", BASE, "/").entries).to.deep.equal([]);
  });
});

describe("the file of an environment", () => {
  const folder = temporaryFolder("spawn project ", "suite");

  const write = (file: string, text: string) => writeFile(join(folder(), file), text);

  async function refusal(text: string): Promise<InputError> {
    await write("Pulumi.broken.yaml", text);
    try {
      return await errorOf(readEnvironmentFile(folder(), "broken"), InputError);
    } finally {
      await rm(join(folder(), "Pulumi.broken.yaml"));
    }
  }

  it("reads settings and entries", async () => {
    await write(
      "Pulumi.dev.yaml",
      `encryptionsalt: v1:abc
config:
  aws:region: us-east-1
  spawn:cloud: local
  spawn:regions: [us-east-1, us-west-2]
  spawn:usageTable: 1234
  spawn:bucketPrefix: ""
  spawn:recordsTable:
  spawn:entries:
    - { name: reference, source: data/reference.fasta, ttl: 30 }
`,
    );
    const { settings, entries } = await readEnvironmentFile(folder(), "dev");
    expect(settings).to.deep.include({ name: "dev", cloud: "local", usageTable: "1234" });
    expect(settings.recordsTable).to.equal("spawn-staging-dev");
    expect(Object.fromEntries(settings.buckets)).to.deep.equal({
      "us-east-1": "spawn-staging-us-east-1",
      "us-west-2": "spawn-staging-us-west-2",
    });
    expect(entries).to.have.length(1);
    expect(entries[0]).to.include({
      source: join(folder(), "data/reference.fasta"),
      ttl: 30,
      declaredAs: "reference",
    });
  });

  it("names the AWS profile of an environment in an account", async () => {
    await write("Pulumi.work.yaml", "config: {aws:profile: work, spawn:regions: [us-east-1]}");
    const { profile } = await readEnvironmentFile(folder(), "work");
    expect(profile).to.deep.equal({ name: "work", source: "aws:profile in Pulumi.work.yaml" });
    await rm(join(folder(), "Pulumi.work.yaml"));
    expect(
      (await refusal("config: {aws:region: x, aws:endpoints: x, spawn:regions: [us-east-1]}")).message,
    ).to.equal("Pulumi.broken.yaml: aws:endpoints cannot be used here");
  });

  it("lists the environments, and neither the project, nor examples, nor stacks of entries", async () => {
    for (const file of ["Pulumi.yaml", "Pulumi.prod.yaml", "Pulumi.prod.example.yaml", "Pulumi.BAD.yaml"]) {
      await write(file, "");
    }
    await write("Pulumi.dev.stage-abc123def456.yaml", "");
    expect(await listEnvironments(folder())).to.deep.equal(["dev", "prod"]);
  });

  it("lists the existing environments if one is missing", async () => {
    const error = await errorOf(readEnvironmentFile(folder(), "test"), InputError);
    expect(error.message).to.equal("there is no environment test");
    expect(error.why).to.equal(`${folder()} has no Pulumi.test.yaml; its environments: dev, prod.`);
    expect(error.exitCode).to.equal(2);
  });

  for (const [what, text, message] of [
    ["no YAML", "config: [", "Pulumi.broken.yaml:1:10: not valid YAML"],
    ["a list", "config: [a]", "Pulumi.broken.yaml: config must be a mapping of keys such as spawn:regions"],
    ["no configuration", "", "Pulumi.broken.yaml: spawn:regions is missing"],
    [
      "an unknown key",
      "config: {spawn:colour: red, spawn:regions: [us-east-1]}",
      "Pulumi.broken.yaml:1:10: spawn:colour is not a known key",
    ],
    [
      "an unknown region",
      "config: {spawn:regions: [mars-1]}",
      'Pulumi.broken.yaml:1:25: spawn:regions is not valid: unknown region "mars-1"',
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      expect((await refusal(text)).message).to.equal(message);
    });
  }

  it("refuses an invalid name before it looks for a file", async () => {
    await errorOf(readEnvironmentFile(folder(), "../dev"), InputError);
  });
});
