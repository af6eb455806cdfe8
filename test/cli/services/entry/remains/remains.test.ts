import { expect } from "chai";
import { accountOf, findAccessPoints } from "../../../../../cli/services/entry/remains/access-points.ts";
import { bucketsOfEntry, holdsEntry } from "../../../../../cli/services/entry/remains/buckets.ts";
import type { EntryRemains } from "../../../../../cli/services/entry/remains/remains.ts";
import { removeAllRemains, removeRemains } from "../../../../../cli/services/entry/remains/remove.ts";
import { parseAccountId } from "../../../../../staging/accounts.ts";
import { parseRegion, parseRegionList } from "../../../../../staging/regions.ts";
import { errorOf, failureOf } from "../../../../support/failure.ts";
import { type AnswerS3, fakeHandler } from "../../../../support/fake-s3.ts";
import { NOW } from "../../../ledger.ts";
import { fullSettings, testRecord } from "../../../records.ts";
import { FakeBuckets } from "../../fake-buckets.ts";
import { Machine, type World } from "../../machine.ts";

const record = testRecord();
const ID = record.stagingId;
const EAST = parseRegion("us-east-1");
const ACCOUNT = parseAccountId("111111111111");
const settings = fullSettings({
  regions: parseRegionList("us-east-1"),
  buckets: new Map([[EAST, "spawn-staging-us-east-1"]]),
});

describe("The remains of an entry", () => {
  const machine = Machine.forEachTest();
  let buckets: FakeBuckets;
  beforeEach(() => {
    buckets = new FakeBuckets();
  });

  const bucket = "spawn-staging-us-east-1";
  const data = (name = "a") => void buckets.objects.push({ bucket, key: `${ID}/${name}`, size: 5, at: NOW });
  const upload = () => void buckets.uploads.push({ bucket, key: `${ID}/a`, uploadId: "u", size: 7, at: NOW });
  const context = (world: World = {}) =>
    machine.context({ settings, s3: buckets.s3, account: ACCOUNT, ...world });

  it("are searched for in the environment's buckets, never in those that a record names", async () => {
    expect(await bucketsOfEntry(context(), ID)).to.deep.equal([{ region: EAST, bucket }]);
  });

  it("are an object or an open upload", async () => {
    const store = await context().store(EAST);
    expect(await holdsEntry(store, bucket, ID)).to.equal(false);
    upload();
    expect(await holdsEntry(store, bucket, ID)).to.equal(true);
    buckets.uploads.length = 0;
    data();
    expect(await holdsEntry(store, bucket, ID)).to.equal(true);
    buckets.failing.set(bucket, 404);
    expect(await holdsEntry(store, bucket, ID)).to.equal(false);
  });

  it("are removed record first and usage row last", async () => {
    data();
    const found: EntryRemains = {
      ...{ id: ID, record, openGeneration: "unreadable", accessPoints: [], unknown: [] },
      places: [{ region: EAST, bucket }],
    };
    await removeRemains(context(), found);
    const log = await machine.log();
    expect([log[0], log.at(-1)]).to.deep.equal(["DeleteItem records", "UpdateItem usage"]);
    expect(log.slice(1, -1).every((line) => line.includes(`s3://${bucket}`))).to.equal(true);
    expect(buckets.objects).to.deep.equal([]);
  });

  it("that are gone need no removal, and a bucket that cannot be searched is an error", async () => {
    expect((await removeAllRemains(context(), ID)).places).to.deep.equal([]);
    buckets.failing.set(bucket, 403);
    const error = await failureOf(removeAllRemains(context(), ID));
    expect(error.message).to.contain(`it is not known whether ${ID} is deleted`);
    expect(error.fix).to.contain(`spawn stage delete ${ID} --yes`);
  });

  describe("in access points", () => {
    const find = (answer: AnswerS3, isShared: boolean) => {
      const own = machine.context({ settings, account: ACCOUNT });
      const clientConfig: typeof own.clientConfig = async (service, region) => ({
        ...(await own.clientConfig(service, region)),
        requestHandler: fakeHandler(answer),
      });
      return findAccessPoints({ ...own, clientConfig }, ID, [EAST], isShared);
    };
    const denied: AnswerS3 = () => ({ status: 403, code: "AccessDenied" });

    it("have the entry's name in the account of the credentials", async () => {
      expect(await accountOf(context())).to.equal(ACCOUNT);
      const body = "<GetAccessPointResult><Name>x</Name></GetAccessPointResult>";
      expect(await find(() => ({ body }), false)).to.deep.equal([
        { region: EAST, accountId: ACCOUNT, name: `spawn-${ID}` },
      ]);
      expect(await find(() => ({ status: 404, code: "NoSuchAccessPoint" }), true)).to.deep.equal([]);
    });

    it("may stay unknown without the permission, unless the entry is shared", async () => {
      expect(await find(denied, false)).to.deep.equal([]);
      expect(await errorOf(find(denied, true))).to.be.instanceOf(Error);
    });
  });
});
