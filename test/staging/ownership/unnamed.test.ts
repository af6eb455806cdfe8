import { expect } from "chai";
import { overlaid } from "../../../stacks/user-config.ts";
import type { EnvironmentSettings } from "../../../staging/environment.ts";
import { parseEnvironmentSettings } from "../../../staging/environment-values.ts";
import { NOTHING_HELD } from "../../../staging/ownership/names.ts";
import { refuseUnnamedBuckets } from "../../../staging/ownership/unnamed.ts";
import { parseRegion } from "../../../staging/regions.ts";
import { refusalOf } from "../refusal.ts";

const REGIONS = ["us-east-1", "us-west-2"];
const settingsOf = (values: Record<string, unknown>): EnvironmentSettings =>
  parseEnvironmentSettings("prod", { regions: REGIONS, ...values });
const refuse = (settings: EnvironmentSettings, buckets = NOTHING_HELD.buckets): void =>
  refuseUnnamedBuckets(settings, { buckets });

describe("buckets in AWS without names of their own", () => {
  it("are refused, with the key that names them", () => {
    for (const values of [{}, { namePrefix: "spawn" }, { buckets: { "us-east-1": "genomes" } }]) {
      const error = refusalOf(() => refuse(settingsOf(values)));
      expect(error.exitCode).to.equal(2);
      expect(error.message).to.equal("Pulumi.prod.yaml: spawn:bucketPrefix is missing");
      expect(error.why).to.match(/spawn-staging-us-(east-1|west-2), is every user's/);
      expect(error.fix).to.contain("spawn:bucketPrefix in Pulumi.prod.yaml");
    }
  });

  it("are none where a key names each, or the user's configuration does", () => {
    refuse(settingsOf({ bucketPrefix: "spawn-staging-" }));
    refuse(settingsOf({ namePrefix: "acme" }));
    refuse(settingsOf({ buckets: Object.fromEntries(REGIONS.map((region) => [region, `my-${region}`])) }));
    refuse(settingsOf({ adopt: REGIONS }));
    const buckets = new Map(
      REGIONS.map((region) => [parseRegion(region), { name: `my-${region}`, adopt: false }]),
    );
    refuse(overlaid(settingsOf({}), { backendUrl: undefined, buckets }));
  });

  it("keep their names if they exist, and on the local cloud", () => {
    refuse(
      settingsOf({}),
      REGIONS.map((region) => ({ region, name: `spawn-staging-${region}`, adopted: false })),
    );
    refuse(settingsOf({ cloud: "local" }));
  });
});
