import { expect } from "chai";
import {
  checkEnvironmentIsUp,
  checkLifetimes,
  preflight,
} from "../../../../../cli/services/entry/upload/preflight.ts";
import { parseRegion, parseRegionList } from "../../../../../staging/regions.ts";
import { parseTtlDays } from "../../../../../staging/ttl.ts";
import { entrySpec } from "../../../../components/settings.ts";
import { awsError, failureOf } from "../../../../support/failure.ts";
import { fullSettings } from "../../../records.ts";
import { inEnvironment, Machine, type World } from "../../machine.ts";

const EAST = parseRegion("us-east-1");
const REGIONS = parseRegionList("us-east-1,us-west-2");
const ADOPTED = fullSettings({ adopted: new Set([EAST]) });
const BUCKET = "spawn-staging-us-east-1";

describe("the check before an upload", () => {
  const machine = Machine.forEachTest();

  const clientsOf = async (world: World) => {
    const context = machine.context(world);
    return { dynamodb: await context.dynamo(), s3: context.s3 };
  };
  const head =
    (status: number, code = ""): World["s3"] =>
    ({ method, bucket }) =>
      method === "HEAD" && bucket === BUCKET ? { status, code } : undefined;
  const noTable: World["dynamo"] = () => awsError("ResourceNotFoundException");
  const up = { dynamo: () => ({ Table: {} }) };

  const lacking: [string, World, string, string][] = [
    [
      "has no tables",
      { dynamo: noTable, s3: head(404) },
      "environment dev is not up yet",
      "spawn environment up",
    ],
    [
      "has no bucket",
      { ...up, s3: head(404) },
      "environment dev has no bucket in us-east-1 yet",
      "spawn environment up",
    ],
    [
      "lacks a bucket that the user creates",
      { ...up, s3: head(404), settings: ADOPTED },
      "environment dev has no bucket in us-east-1 yet",
      `Create the bucket: aws s3 mb s3://${BUCKET} --region us-east-1, then: spawn environment up`,
    ],
  ];
  for (const [what, world, message, fix] of lacking) {
    it(`is refused if the environment ${what}`, async () => {
      const work = checkEnvironmentIsUp(world.settings ?? fullSettings(), REGIONS, await clientsOf(world));
      expect(await failureOf(work)).to.include({ message, fix });
    });
  }

  it("explains a bucket that the credentials may not use", async () => {
    const work = checkEnvironmentIsUp(fullSettings(), REGIONS, await clientsOf({ ...up, s3: head(403) }));
    expect((await failureOf(work)).message).to.match(/upload.*denied|denied.*upload/i);
  });

  it("passes in an environment that is up, and names the missing parts of one that is half made", async () => {
    const spec = entrySpec("us-east-1,us-west-2");
    await preflight(machine.context(inEnvironment({})), spec, {});
    const half = machine.context({ ...inEnvironment({}), s3: () => undefined });
    expect((await failureOf(preflight(half, spec, {}))).message).to.match(/no versioning, lifecycle/);
  });

  describe("of an adopted bucket", () => {
    const lifetimes = async (s3: World["s3"], spec = entrySpec("us-east-1"), measured = {}) =>
      await checkLifetimes(ADOPTED, spec, measured, await clientsOf({ s3, settings: ADOPTED }));
    const rules =
      (xml: string): World["s3"] =>
      ({ query }) =>
        "lifecycle" in query ? { body: `<L>${xml}</L>` } : undefined;
    const expires = (days: number, filter = "<Prefix></Prefix>", id = "mine") =>
      `<Rule><ID>${id}</ID><Status>Enabled</Status><Filter>${filter}</Filter><Expiration><Days>${days}</Days></Expiration></Rule>`;

    it("accepts rules that keep the data, rules of spawn, and a server without rules", async () => {
      await lifetimes(rules(expires(7)));
      await lifetimes(rules(expires(1, "<Prefix>logs/</Prefix>")));
      await lifetimes(rules(expires(1, "<Prefix></Prefix>", "spawn-housekeeping")));
      await lifetimes(({ query }) =>
        "lifecycle" in query ? { status: 501, code: "NotImplemented" } : undefined,
      );
    });

    it("refuses the rule that ends the data first", async () => {
      const error = await failureOf(lifetimes(rules(expires(5) + expires(2, "<Prefix></Prefix>", "short"))));
      expect(error.message).to.equal(
        `the lifecycle rule short of your bucket ${BUCKET} in us-east-1 would delete the data after 2 days`,
      );
      expect(error.fix).to.match(/^--ttl 2; or, in the bucket, limit the rule/);
    });

    it("refuses a default retention that is longer than the TTL", async () => {
      const locked =
        (days: number): World["s3"] =>
        ({ query }) =>
          "object-lock" in query
            ? {
                body: `<O><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>${days}</Days></DefaultRetention></Rule></O>`,
              }
            : undefined;
      const ttl = parseTtlDays(1);
      await lifetimes(locked(1), entrySpec("us-east-1", { ttl }));
      const error = await failureOf(lifetimes(locked(30), entrySpec("us-east-1", { ttl })));
      expect(error.message).to.contain(`${BUCKET} in us-east-1 keeps every object for 30 days (GOVERNANCE)`);
      expect(error.why).to.contain("the TTL is 1 day (--ttl)");
      expect(error.fix).to.match(/^--ttl 30; or, in the bucket, aws s3api/);
      expect((await failureOf(lifetimes(locked(400)))).fix).to.match(/^aws s3api/);
    });
  });
});
