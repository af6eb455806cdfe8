import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { expect } from "chai";
import {
  overlaid,
  parseBackendUrl,
  parseSetting,
  readUserConfig,
  renderUserConfig,
  userConfigPath,
} from "../../stacks/user-config.ts";
import type { InputError } from "../../staging/errors.ts";
import { parseRegion } from "../../staging/regions.ts";
import { environmentSettings } from "../components/settings.ts";
import { refusalOf } from "../staging/refusal.ts";
import { temporaryFolder } from "../support/folder.ts";

const WEST = parseRegion("us-west-2");

describe("the user's config", () => {
  const home = temporaryFolder("spawn config ");

  const write = async (text: string): Promise<void> => {
    const file = userConfigPath({ SPAWN_HOME: home() });
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  const read = () => readUserConfig({ SPAWN_HOME: home() });

  it("is empty where there is no file", () => {
    expect(read()).to.deep.equal({ settings: {}, environments: new Map() });
  });

  it("survives a round trip", async () => {
    const config = {
      settings: { environment: "prod", prices: "aws", "staging.ttl": "14" } as const,
      environments: new Map([
        ["prod", { backendUrl: "s3://states", buckets: new Map([[WEST, { name: "my-data", adopt: true }]]) }],
        ["dev", { backendUrl: undefined, buckets: new Map() }],
      ]),
    };
    await write(renderUserConfig(config));
    expect(read()).to.deep.equal(config);
  });

  it("takes values as someone may write them by hand", async () => {
    await write('\ufeff{"staging.ttl":14,"staging.regions":["us-east-1","eu-west-1"],"prices":"aws"}');
    expect(read().settings).to.deep.equal({
      "staging.ttl": "14",
      "staging.regions": "us-east-1,eu-west-1",
      prices: "aws",
    });
    await write(`{"staging.regions":"[\\"us-east-1\\",\\"eu-west-1\\"]"}`);
    expect(read().settings).to.deep.equal({ "staging.regions": "us-east-1,eu-west-1" });
  });

  for (const [what, text, why] of [
    ["no JSON", "{", /JSON/],
    ["an empty file", "", /JSON/],
    ["a list", "[]", /not a JSON object/],
    ["an unknown key", '{"colour":"red"}', /"colour" is not a known key/],
    ["a value out of range", '{"staging.ttl":"91"}', /TTL "91"/],
    ["a truth value in place of a text", '{"staging.ttl":true}', /must be a text/],
    ["a bucket without a name", '{"environments":{"dev":{"staging.bucket.us-east-1":{}}}}', /name and adopt/],
    [
      "an unknown key of an environment",
      '{"environments":{"dev":{"colour":1}}}',
      /"colour" is not a known key/,
    ],
    [
      "a list in place of a bucket",
      '{"environments":{"dev":{"staging.bucket.us-east-1":[]}}}',
      /"staging\.bucket\.us-east-1" needs a name and adopt/,
    ],
    ["environments that are a list", '{"environments":[]}', /"environments" is not an object/],
    [
      "an unknown region",
      '{"environments":{"dev":{"staging.bucket.mars":{"name":"abc","adopt":true}}}}',
      /mars/,
    ],
    ["an impossible environment", '{"environments":{"../x":{}}}', /name of an environment/],
  ] as const) {
    it(`is refused with its file and the fix: ${what}`, async () => {
      await write(text);
      const { message, why: cause, fix } = refusalOf(read) as InputError;
      const file = userConfigPath({ SPAWN_HOME: home() });
      expect(message).to.equal(`the configuration ${file} cannot be used`);
      expect(cause).to.match(why);
      // The folder has a space in its name.
      expect(fix).to.contain(`rm '${file}'`);
    });
  }

  it("takes the values that flags take, in one form", () => {
    expect(parseSetting("staging.regions", "us-west-2, eu-west-1")).to.equal("us-west-2,eu-west-1");
    expect(parseSetting("staging.ttl", " 14 ")).to.equal("14");
    expect(refusalOf(() => parseSetting("prices", "list")).why).to.contain("guide and aws");
    expect(refusalOf(() => parseSetting("staging.replication", "magic")).message).to.contain("magic");
  });

  it("takes the backends that the engine knows", () => {
    for (const url of [
      "s3://states?region=us-east-1",
      "file:///srv/state",
      "file://~/state",
      "https://api.pulumi.com",
    ]) {
      expect(parseBackendUrl(url)).to.equal(url);
    }
    for (const url of ["", "states", "ftp://host", "file://state", "s3:///x", "s3://a b"]) {
      expect(refusalOf(() => parseBackendUrl(url)).message).to.contain("is not the URL of a backend");
    }
  });

  describe("laid over an environment", () => {
    const settings = environmentSettings({ adopt: ["us-west-2", "eu-west-1"] });
    const overlay = (name: string, adopt: boolean, region = WEST) => ({
      backendUrl: undefined,
      buckets: new Map([[region, { name, adopt }]]),
    });

    it("overrides the settings file in its region only", () => {
      const { buckets, adopted, keys, ...others } = overlaid(settings, overlay("my-data", false));
      expect([...buckets.values()]).to.deep.equal([
        "spawn-staging-us-east-1",
        "my-data",
        "spawn-staging-eu-west-1",
      ]);
      expect([...adopted]).to.deep.equal(["eu-west-1"]);
      expect(others).to.deep.equal((({ buckets: _, adopted: __, keys: ___, ...same }) => same)(settings));
      expect(keys.buckets.get(WEST)).to.equal("staging.bucket.us-west-2 (spawn config)");
      expect([...overlaid(environmentSettings(), overlay("my-data", true)).adopted]).to.deep.equal([WEST]);
      expect(overlaid(settings, undefined)).to.equal(settings);
    });

    it("is refused for a region that the environment lacks, and for a duplicate name", () => {
      const elsewhere = refusalOf(() =>
        overlaid(settings, overlay("x-data", false, parseRegion("ap-south-1"))),
      );
      expect(elsewhere.fix).to.contain("spawn config unset staging.bucket.ap-south-1 --environment dev");
      const twice = refusalOf(() => overlaid(settings, overlay("spawn-staging-eu-west-1", false)));
      expect(twice.message).to.contain("for us-west-2 and for eu-west-1");
      expect(twice.fix).to.contain("spawn config unset staging.bucket.us-west-2");
    });
  });
});
