import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parseConfigKey } from "../../../../cli/services/config/keys.ts";
import { parseConfigValue } from "../../../../cli/services/config/values.ts";
import { InputError } from "../../../../staging/errors.ts";
import { parseRegion } from "../../../../staging/regions.ts";
import { errorOf } from "../../../support/failure.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { fullSettings } from "../../records.ts";

describe("a configured value", () => {
  const projectFolder = temporaryFolder("spawn config ", "suite");
  before(async () => {
    await writeFile(join(projectFolder(), "Pulumi.dev.yaml"), "config:\n  spawn:cloud: local\n");
  });

  const nothing = async (): Promise<never> => {
    throw new Error("AWS was asked");
  };
  const parse = (key: string, text: string, adopt?: boolean, environmentName = "dev") =>
    parseConfigValue(
      {
        ...{ environmentName, projectFolder: projectFolder(), account: nothing },
        anyBucketsS3: nothing as () => Promise<S3Client>,
        settings: async () => fullSettings(),
      },
      parseConfigKey(key),
      text,
      { adopt },
    );
  const refusal = (...args: Parameters<typeof parse>): Promise<InputError> =>
    errorOf(parse(...args), InputError);

  it("is validated like the flag; the suggested fix is the command", async () => {
    expect(await parse("staging.ttl", "14")).to.include({ kind: "setting", name: "staging.ttl" });
    expect((await refusal("staging.ttl", "91")).fix).to.match(/^spawn config set staging\.ttl \d+$/);
  });

  it("must be an existing environment", async () => {
    expect(await parse("environment", "dev")).to.include({ value: "dev" });
    const { message, why } = await refusal("environment", "prod");
    expect(message).to.equal("there is no environment prod");
    expect(why).to.contain("its environments: dev.");
  });

  it("must be a bucket of the region, which is not read with --adopt", async () => {
    expect(await parse("staging.bucket.us-west-2", "acme-data", true)).to.deep.equal({
      ...{ kind: "bucket", region: parseRegion("us-west-2"), value: { name: "acme-data", adopt: true } },
    });
    const { message } = await refusal("staging.bucket.us-west-2", "spawn-staging-us-east-1");
    expect(message).to.equal("spawn-staging-us-east-1 is already the bucket of us-east-1");
    const ofProd = await refusal("staging.bucket.us-west-2", "spawn-staging-us-east-1", undefined, "prod");
    expect(ofProd.fix).to.equal(
      "spawn config set staging.bucket.us-west-2 NAME --environment prod, with another name",
    );
    expect((await refusal("staging.ttl", "14", false)).message).to.equal(
      "--no-adopt does not apply to staging.ttl",
    );
  });

  it("must be a backend whose folder exists", async () => {
    const url = pathToFileURL(projectFolder()).href;
    expect(await parse("backend.url", url)).to.include({ kind: "backend" });
    expect((await refusal("backend.url", `${url}/none`)).fix).to.match(/^mkdir -p /);
  });
});
