import { expect } from "chai";
import { explainMissing, findAccount } from "../../../../cli/services/environment/account.ts";
import {
  refuseOthersBucket,
  requireWhole,
  wholeEnvironment,
} from "../../../../cli/services/environment/ownership.ts";
import { environmentStatus } from "../../../../cli/services/environment/status.ts";
import { resolveConnection } from "../../../../connection/connection.ts";
import { parseAccountId } from "../../../../staging/accounts.ts";
import { InputError } from "../../../../staging/errors.ts";
import { parseRegion } from "../../../../staging/regions.ts";
import { environmentSettings } from "../../../components/settings.ts";
import { awsError, failureOf } from "../../../support/failure.ts";
import { Machine, type World } from "../machine.ts";

const ACCOUNT = parseAccountId("123456789012");
const EAST = parseRegion("us-east-1");
const SETTINGS = environmentSettings({ regions: "us-east-1" });
const tagged = (environment: string) => ({
  body: `<Tagging><TagSet><Tag><Key>spawn:environment</Key><Value>${environment}</Value></Tag></TagSet></Tagging>`,
});
const ofEnvironment =
  (environment: string): World["s3"] =>
  ({ query }) =>
    "tagging" in query ? tagged(environment) : undefined;

describe("an environment's resources in AWS", () => {
  const machine = Machine.forEachTest();

  const arn = (table = "") => `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/${table}`;
  const tables =
    (without = ""): World["dynamo"] =>
    (command, { TableName }) => {
      if (TableName !== undefined && TableName === without) return awsError("ResourceNotFoundException");
      return command === "DescribeTable" ? { Table: { TableArn: arn(TableName) } } : { Tags: [] };
    };

  it("are read for all names, for some regions and tables, and for a role only if there are replicas", () => {
    const three = environmentSettings();
    const all = wholeEnvironment(three);
    expect(all.tables).to.have.length(3);
    expect(all.buckets.map(({ region, settings }) => [region, settings])).to.deep.equal(
      three.regions.map((region) => [region, true]),
    );
    expect(all.role).to.be.a("string");
    const some = wholeEnvironment(SETTINGS, [EAST], ["records"]);
    expect(some.tables.map(({ name }) => name)).to.deep.equal([SETTINGS.recordsTable]);
    expect(some).to.not.have.property("role");
  });

  it("must be complete for an entry, except the table of sweeps", async () => {
    const whole = { settings: SETTINGS, dynamo: tables(SETTINGS.usageTable) };
    expect(await failureOf(requireWhole(machine.context(whole), [EAST]))).to.include({
      message: `environment dev is not whole: there is no table ${SETTINGS.usageTable} in us-east-1, no versioning, lifecycle of the bucket ${SETTINGS.buckets.get(EAST)} in us-east-1`,
      fix: "spawn environment up",
    });
    const other = { settings: SETTINGS, dynamo: tables(), s3: ofEnvironment("prod") };
    expect((await failureOf(requireWhole(machine.context(other), [EAST]))).message).to.match(/prod/);
  });

  it("are refused if a bucket carries another environment's tag or is in another account", async () => {
    const refused = async (s3: World["s3"]) => {
      const client = await machine.context({ s3 }).s3(EAST);
      return await failureOf(refuseOthersBucket(SETTINGS, EAST, client, ACCOUNT));
    };
    expect(await refused(ofEnvironment("prod"))).to.be.instanceOf(InputError);
    // Refused only with the expected owner: the bucket exists, in another account.
    let heads = 0;
    const foreign = await refused(({ method }) => {
      if (method !== "HEAD") return { status: 403, code: "AccessDenied" };
      heads += 1;
      return heads === 1 ? 403 : 200;
    });
    expect(foreign.message).to.match(/account/);
    const client = await machine.context({ s3: ofEnvironment("dev") }).s3(EAST);
    await refuseOthersBucket(SETTINGS, EAST, client, ACCOUNT);
  });

  it("are shown with everything that is missing", async () => {
    const context = machine.context({
      ...{ settings: SETTINGS, account: ACCOUNT, dynamo: tables(SETTINGS.sweepsTable) },
      s3: ({ method }) => (method === "HEAD" ? 404 : undefined),
    });
    const status = await environmentStatus(context);
    expect(status).to.deep.include({ environment: "dev", endpoint: null, account: ACCOUNT, up: false });
    expect(status.buckets).to.deep.equal([
      { region: EAST, bucket: SETTINGS.buckets.get(EAST), adopted: false, exists: false },
    ]);
    expect(status.tables.map(({ role, exists }) => [role, exists])).to.deep.equal([
      ["records", true],
      ["usage", true],
      ["sweeps", false],
    ]);
    expect(status.missing).to.deep.equal([
      `the table ${SETTINGS.sweepsTable} in us-east-1`,
      `the bucket ${SETTINGS.buckets.get(EAST)} in us-east-1`,
    ]);
  });

  describe("in an account", () => {
    const connection = resolveConnection({ AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" });
    const find = (values: Record<string, unknown> = {}) =>
      findAccount(
        {
          settings: async () => environmentSettings({ cloud: "aws", ...values }),
          connection: async () => connection,
        },
        async () => [{ region: EAST, name: "records", exists: true, account: ACCOUNT, owner: {} }],
      );

    it("belong to the account of its tables, without a request to STS", async () => {
      expect(await find()).to.equal(ACCOUNT);
    });

    it("are refused with credentials of another account than the settings'", async () => {
      expect((await failureOf(find({ account: "210987654321" }))).message).to.contain(ACCOUNT);
    });

    it("are reported as missing because of the account in the state", async () => {
      const missing = new InputError("environment dev is not up yet");
      const state = {
        urn: "urn:table",
        type: "aws:dynamodb/table:Table",
        inputs: { name: "records", region: EAST },
        outputs: { arn: arn("records") },
      };
      await machine.stack("dev", [state]);
      const on = (cloud: "local" | "aws", account = "210987654321") =>
        explainMissing(
          machine.context({ settings: environmentSettings({ cloud }), account: parseAccountId(account) }),
          missing,
        );
      expect(await on("aws"))
        .to.be.instanceOf(InputError)
        .with.property("message")
        .that.contains(ACCOUNT);
      for (const same of [await on("aws", ACCOUNT), await on("local")]) expect(same).to.equal(missing);
      const defect = new Error("a defect");
      expect(await explainMissing(machine.context(), defect)).to.equal(defect);
    });
  });
});
