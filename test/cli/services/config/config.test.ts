import { expect } from "chai";
import { getConfig, listConfig } from "../../../../cli/services/config/config.ts";
import { parseConfigKey } from "../../../../cli/services/config/keys.ts";
import { setConfig } from "../../../../cli/services/config/write.ts";
import { packageRoot } from "../../../../package-root.ts";
import { parseRegion, parseRegionList } from "../../../../staging/regions.ts";
import { fullSettings } from "../../records.ts";
import { Machine } from "../machine.ts";

const EAST = parseRegion("us-east-1");

describe("The configuration", () => {
  const machine = Machine.forEachTest();
  beforeEach(() => {
    process.env["SPAWN_CONFIG_DIR"] = `${machine.home}/config`;
  });

  const context = (projectFolder = machine.home) => ({
    environmentName: "dev",
    projectFolder,
    settings: async () => fullSettings({ regions: parseRegionList("us-east-1"), adopted: new Set([EAST]) }),
    stateUrl: async () => process.env["PULUMI_BACKEND_URL"] ?? "file:///default",
  });
  const get = async (key: string, folder?: string) => await getConfig(context(folder), parseConfigKey(key));

  it("takes each setting from the first of: variable, user config, default", async () => {
    expect(await get("environment")).to.deep.equal({ key: "environment", value: "dev", source: "default" });
    await setConfig({ kind: "setting", name: "environment", value: "prod" }, "dev");
    expect(await get("environment")).to.include({ value: "prod", source: "user config" });
    process.env["SPAWN_ENVIRONMENT"] = "test";
    expect(await get("environment")).to.include({ value: "test", source: "SPAWN_ENVIRONMENT" });
  });

  it("takes the backend of an environment from the variable, the user config or the default", async () => {
    const key = "backend.url";
    expect(await get(key)).to.include({ value: "file:///default", source: "default", environment: "dev" });
    await setConfig({ kind: "backend", value: "s3://states" }, "dev");
    expect(await get(key)).to.include({ source: "user config" });
    process.env["PULUMI_BACKEND_URL"] = "file:///variable";
    expect(await get(key)).to.include({ value: "file:///variable", source: "PULUMI_BACKEND_URL" });
  });

  it("takes a bucket from the user config, the environment's file or the default", async () => {
    const key = "staging.bucket.us-east-1";
    await machine.write("Pulumi.dev.yaml", "config:\n  spawn:cloud: local\n");
    expect(await get(key)).to.include({ source: "default", adopted: true });
    await machine.write("Pulumi.dev.yaml", "config:\n  spawn:cloud: local\n  spawn:bucketPrefix: mine\n");
    expect(await get(key)).to.include({ source: "Pulumi.dev.yaml" });
    const value = { name: "my-bucket", adopt: true };
    await setConfig({ kind: "bucket", region: EAST, value }, "dev");
    expect(await get(key)).to.include({ source: "user config", environment: "dev" });
  });

  it("lists every key of the environment", async () => {
    const keys = (await listConfig(context(packageRoot()))).map(({ key }) => key);
    expect(keys).to.include.members(["environment", "backend.url", "staging.bucket.us-east-1"]);
    expect(keys).to.not.include("staging.bucket.us-west-2");
  });
});
