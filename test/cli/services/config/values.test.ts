import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parseConfigKey } from "../../../../cli/services/config/keys.ts";
import { parseConfigValue } from "../../../../cli/services/config/values.ts";
import { InputError } from "../../../../staging/errors.ts";
import { parseRegion } from "../../../../staging/regions.ts";
import { fullSettings } from "../../records.ts";

describe("a value that is to be configured", () => {
  let projectFolder: string;
  before(async () => {
    projectFolder = await mkdtemp(join(tmpdir(), "spawn config "));
    await writeFile(join(projectFolder, "Pulumi.dev.yaml"), "config:\n  spawn:cloud: local\n");
  });
  after(() => rm(projectFolder, { recursive: true }));

  const nothing = async (): Promise<never> => {
    throw new Error("AWS was asked");
  };
  const parse = (key: string, text: string, adopt?: boolean) =>
    parseConfigValue(
      {
        ...{ environmentName: "dev", projectFolder, account: nothing },
        anyBucketsS3: nothing as () => Promise<S3Client>,
        settings: async () => fullSettings(),
      },
      parseConfigKey(key),
      text,
      { adopt },
    );
  const refusal = async (...args: Parameters<typeof parse>): Promise<InputError> => {
    try {
      await parse(...args);
    } catch (error) {
      if (error instanceof InputError) return error;
      throw error;
    }
    throw new Error("it was accepted");
  };

  it("is checked as the flag's value is; the fix is the command", async () => {
    expect(await parse("staging.ttl", "14")).to.include({ kind: "setting", name: "staging.ttl" });
    expect((await refusal("staging.ttl", "91")).fix).to.match(/^spawn config set staging\.ttl \d+$/);
  });

  it("is an environment that exists", async () => {
    expect(await parse("environment", "dev")).to.include({ value: "dev" });
    const { message, why } = await refusal("environment", "prod");
    expect(message).to.equal("there is no environment prod");
    expect(why).to.contain("its environments: dev.");
  });

  it("is a bucket of the region alone, and not looked at where --adopt tells whose it is", async () => {
    expect(await parse("staging.bucket.us-west-2", "acme-data", true)).to.deep.equal({
      ...{ kind: "bucket", region: parseRegion("us-west-2"), value: { name: "acme-data", adopt: true } },
    });
    const { message } = await refusal("staging.bucket.us-west-2", "spawn-staging-us-east-1");
    expect(message).to.equal("spawn-staging-us-east-1 is the bucket of us-east-1 already");
    expect((await refusal("staging.ttl", "14", false)).message).to.equal(
      "--no-adopt says nothing about staging.ttl",
    );
  });

  it("is a backend whose folder exists", async () => {
    const url = pathToFileURL(projectFolder).href;
    expect(await parse("backend.url", url)).to.include({ kind: "backend" });
    expect((await refusal("backend.url", `${url}/none`)).fix).to.match(/^mkdir -p /);
  });
});
