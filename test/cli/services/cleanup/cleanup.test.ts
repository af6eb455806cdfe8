import { expect } from "chai";
import { carryOut, planCleanup } from "../../../../cli/services/cleanup/cleanup.ts";
import type { CleanupQuestion } from "../../../../cli/services/cleanup/plan.ts";
import { parseRegion, parseRegionList } from "../../../../staging/regions.ts";
import { metaItem } from "../../../../staging/sweep/meta-item.ts";
import { GIB } from "../../../../staging/units.ts";
import { failureOf } from "../../../support/failure.ts";
import { NOW } from "../../ledger.ts";
import { fullSettings, testId, testRecord } from "../../records.ts";
import { testMeta } from "../../sweep-items.ts";
import { FakeBuckets } from "../fake-buckets.ts";
import { Machine, type World } from "../machine.ts";
import { SweepsTable } from "../sweep/fakes.ts";

const hours = (count: number) => new Date(NOW.getTime() + count * 3_600_000);
const [OF_EAST, OF_WEST] = ["spawn-staging-us-east-1", "spawn-staging-us-west-2"] as const;
const [EAST, WEST] = [parseRegion("us-east-1"), parseRegion("us-west-2")];
const ORPHANS: CleanupQuestion = { expired: false, sweepId: undefined, orphans: true };
const EXPIRED: CleanupQuestion = { ...ORPHANS, expired: true, orphans: false };
const settings = fullSettings({
  regions: parseRegionList("us-east-1,us-west-2"),
  buckets: new Map([
    [EAST, OF_EAST],
    [WEST, OF_WEST],
  ]),
});
const fresh = testRecord({ stagingId: testId(1), uploadedAt: hours(-48) });
const expired = testRecord({ stagingId: testId(2), uploadedAt: hours(-8 * 24) });

describe("A cleanup", () => {
  const machine = Machine.forEachTest();
  let buckets: FakeBuckets;
  let problems: string[];
  beforeEach(() => {
    buckets = new FakeBuckets();
    problems = [];
  });

  const context = (world: World = {}, sweeps = new SweepsTable()) =>
    machine.context({ settings, s3: buckets.s3, dynamo: sweeps.dynamo, ...world });
  const note = ({ message }: Error) => void problems.push(message);
  const plan = (world: World = {}, question = ORPHANS, sweeps?: SweepsTable) =>
    planCleanup(context(world, sweeps), question, NOW, note);
  const data = (number: number, at = hours(-25), bucket: string = OF_EAST) =>
    void buckets.objects.push({ bucket, key: `${testId(number)}/data`, size: 10 * GIB, at });
  const upload = (number: number, at = hours(-25), bucket: string = OF_EAST) =>
    void buckets.uploads.push({
      bucket,
      key: `${testId(number)}/data`,
      uploadId: `u${number}`,
      size: GIB,
      at,
    });

  describe("finds orphans", () => {
    const found = async (world?: World) => (await plan(world)).orphans.map(({ id, kind }) => [id, kind]);

    it("that no record, stack, declaration or journal owns, and that did not change for a day", async () => {
      for (const number of [1, 2, 3, 4, 5]) data(number);
      data(6, hours(-23));
      data(7);
      upload(7, hours(-1), OF_WEST);
      buckets.objects.push({ bucket: OF_EAST, key: "other/data", at: hours(-99) });
      await machine.stack(`dev.${testId(2)}`);
      // A renamed stack, and the environment's own.
      await machine.stack("old", [{ urn: "a", type: "t", inputs: { stagingId: testId(3) } }]);
      await machine.stack("dev", [{ urn: "b", type: "t", inputs: { stagingId: testId(4) } }]);
      expect(await found({ records: [fresh] })).to.deep.equal([[testId(5), "data"]]);
    });

    it("of uploads under a whole entry, but not its objects, nor young uploads", async () => {
      data(1);
      upload(1);
      data(2);
      upload(2, hours(-1));
      expect(await found({ records: [fresh, expired] })).to.deep.equal([[testId(1), "uploads"]]);
    });

    it("with their cost per day, and whether this environment may remove them", async () => {
      buckets.adopted.add(OF_WEST);
      data(1);
      data(1, hours(-30), OF_WEST);
      const [orphan] = (await plan()).orphans;
      expect(orphan).to.deep.include({ changedAt: hours(-25) });
      expect(orphan?.places.map(({ bucket, isOwn, bytes }) => [bucket, isOwn, bytes])).to.deep.equal([
        [OF_EAST, true, 10 * GIB],
        [OF_WEST, false, 10 * GIB],
      ]);
      expect(orphan?.costPerDay).to.be.closeTo((2 * 10 * 0.023 * 1e6) / 30, 1e4);
    });

    it("in the other buckets if one cannot be searched, and reports that one", async () => {
      data(1, hours(-25), OF_WEST);
      buckets.failing.set(OF_EAST, 403);
      expect(await found()).to.deep.equal([[testId(1), "data"]]);
      expect(problems).to.have.length(1);
      expect(problems[0]).to.contain("the bucket spawn-staging-us-east-1 was not searched");
      buckets.failing.set(OF_EAST, 404);
      problems.length = 0;
      await found();
      expect(problems).to.deep.equal([]);
    });

    it("never while the environment's state is damaged: its data would look like orphans", async () => {
      data(1);
      await machine.write("state/.pulumi/stacks/spawn/dev.json", "{");
      expect((await failureOf(plan())).message).to.match(/the state of dev is damaged/);
    });
  });

  it("keeps the entries that an unfinished sweep reads", async () => {
    const sweeps = new SweepsTable(metaItem(testMeta({ entries: [expired.stagingId] })));
    const { entries } = await plan({ records: [fresh, expired] }, EXPIRED, sweeps);
    expect(entries).to.deep.equal([]);
    expect(problems[0]).to.contain(`${expired.stagingId} cannot be removed`);
  });

  describe("carried out", () => {
    const clean = async (question: CleanupQuestion, change: () => void = () => undefined) => {
      const found = await plan({}, question);
      change();
      return await carryOut(context(), found, question, NOW, { onProblem: note });
    };

    it("removes orphans if requested, from the environment's own buckets only", async () => {
      buckets.adopted.add(OF_WEST);
      const adopting = { ...settings, adopted: new Set([WEST]) };
      data(1);
      data(1, hours(-25), OF_WEST);
      const question = ORPHANS;
      const found = await plan({ settings: adopting }, question);
      await carryOut(context({ settings: adopting }), found, EXPIRED, NOW, { onProblem: note });
      expect(buckets.objects).to.have.length(2);
      const { orphans } = await carryOut(context({ settings: adopting }), found, question, NOW, {
        onProblem: note,
      });
      expect(orphans.map(({ state }) => state)).to.deep.equal(["done"]);
      expect(buckets.objects.map(({ bucket }) => bucket)).to.deep.equal([OF_WEST]);
      // The usage row stays open while a bucket holds data.
      expect(await machine.log()).to.not.include("UpdateItem usage");
    });

    it("aborts uploads without touching the entry that they are under", async () => {
      data(1);
      upload(1);
      const records = [fresh];
      const found = await plan({ records });
      await carryOut(context({ records }), found, ORPHANS, NOW, { onProblem: note });
      expect([buckets.uploads.length, buckets.objects.length]).to.deep.equal([0, 1]);
    });

    it("keeps an orphan that changed since it was found, and succeeds if it is gone", async () => {
      data(1);
      data(2);
      const { kept } = await clean(ORPHANS, () => {
        buckets.objects = [{ bucket: OF_EAST, key: `${testId(1)}/data`, at: hours(-1) }];
      });
      expect([...kept.keys()]).to.deep.equal([testId(1), testId(2)]);
      expect(buckets.objects).to.have.length(1);
    });
  });
});
