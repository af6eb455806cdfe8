import { chmod, lstat, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { parseConfigKey } from "../../../../cli/services/config/keys.ts";
import { setConfig, unsetConfig } from "../../../../cli/services/config/write.ts";
import { readUserConfig, userConfigPath } from "../../../../stacks/user-config.ts";
import type { UserError } from "../../../../staging/errors.ts";
import { parseRegion, REGIONS } from "../../../../staging/regions.ts";

const EAST = parseRegion("us-east-1");

describe("spawn config's file", () => {
  const saved = process.env["SPAWN_HOME"];
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "spawn config "));
    process.env["SPAWN_HOME"] = home;
  });
  afterEach(async () => {
    if (saved === undefined) delete process.env["SPAWN_HOME"];
    else process.env["SPAWN_HOME"] = saved;
    await rm(home, { recursive: true });
  });

  const ttl = (value: string) => setConfig({ kind: "setting", name: "staging.ttl", value }, "dev");
  const bucket = (region: (typeof REGIONS)[number], environment: string) =>
    setConfig({ kind: "bucket", region, value: { name: `data-${region}`, adopt: true } }, environment);

  it("stores settings for all environments, and buckets and backends per environment", async () => {
    await ttl("14");
    await ttl("30");
    await bucket(EAST, "dev");
    await setConfig({ kind: "backend", value: "s3://states" }, "prod");
    const { settings, environments } = readUserConfig();
    expect(settings).to.deep.equal({ "staging.ttl": "30" });
    expect(environments.get("dev")?.buckets.get(EAST)).to.deep.equal({ name: "data-us-east-1", adopt: true });
    expect(environments.get("prod")).to.deep.equal({ backendUrl: "s3://states", buckets: new Map() });
  });

  it("removes a value, and an environment with its last one", async () => {
    await ttl("14");
    await bucket(EAST, "dev");
    const key = parseConfigKey("staging.bucket.us-east-1");
    expect(await unsetConfig(key, "prod")).to.equal(false);
    expect(await unsetConfig(key, "dev")).to.equal(true);
    expect(await unsetConfig(key, "dev")).to.equal(false);
    expect(readUserConfig()).to.deep.equal({ settings: { "staging.ttl": "14" }, environments: new Map() });
  });

  it("keeps all concurrent writes, and leaves no other file", async () => {
    await Promise.all(REGIONS.map((region) => bucket(region, "dev")));
    expect([...(readUserConfig().environments.get("dev")?.buckets.keys() ?? [])]).to.have.members(REGIONS);
    expect(await readdir(dirname(userConfigPath()))).to.deep.equal(["config.json"]);
  });

  it("is private to its owner, whatever its earlier mode", async () => {
    await ttl("14");
    await chmod(userConfigPath(), 0o644);
    await ttl("15");
    expect(((await stat(userConfigPath())).mode & 0o777).toString(8)).to.equal("600");
  });

  it("stays at the target of a link", async () => {
    const kept = join(home, "dotfiles.json");
    await writeFile(kept, "{}");
    await mkdir(dirname(userConfigPath()), { recursive: true });
    await symlink(kept, userConfigPath());
    await ttl("14");
    expect((await lstat(userConfigPath())).isSymbolicLink()).to.equal(true);
    expect(readUserConfig().settings["staging.ttl"]).to.equal("14");
  });

  it("reports a folder that cannot be created", async () => {
    await writeFile(join(home, "config"), "a file");
    const error = await ttl("14").then(
      () => undefined,
      (reason: UserError) => reason,
    );
    expect(error?.message).to.equal(`the configuration ${userConfigPath()} could not be written`);
    expect(error?.fix).to.contain(join(home, "config"));
  });

  it("is not overwritten if it is damaged", async () => {
    await mkdir(dirname(userConfigPath()), { recursive: true });
    await writeFile(userConfigPath(), '{"staging.ttl": "14"');
    const error = await ttl("15").then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).to.contain(userConfigPath());
  });
});

describe("keys of spawn config", () => {
  it("are checked; an unknown one is refused with the nearest and all known ones", () => {
    expect(parseConfigKey("staging.ttl")).to.deep.equal({ kind: "setting", name: "staging.ttl" });
    expect(parseConfigKey("backend.url")).to.deep.equal({ kind: "backend", name: "backend.url" });
    expect(parseConfigKey("staging.bucket.us-east-1")).to.deep.include({ kind: "bucket", region: EAST });
    for (const [typed, fix] of [
      ["staging.tll", "Use staging.ttl."],
      ["stagng.regions", "Use staging.regions."],
      ["staging.bucket", "Use staging.bucket.<region>."],
      ["backendurl", "Use backend.url."],
      ["colour", undefined],
    ] as const) {
      expect(() => parseConfigKey(typed))
        .to.throw(`there is no key "${typed}" to configure`)
        .with.property("fix", fix);
    }
    expect(() => parseConfigKey("colour"))
      .to.throw()
      .with.property("why")
      .that.contains("backend.url, environment, prices, staging.bucket.<region>, staging.regions");
    expect(() => parseConfigKey("staging.bucket.mars")).to.throw('unknown region "mars"');
  });
});
