import { expect } from "chai";
import { settingsFile } from "../../../../cli/engine/entry-project.ts";
import { updateEntry } from "../../../../cli/services/entry/stack-update.ts";
import { planUpdate } from "../../../../cli/services/entry/update.ts";
import { ENTRY_SETTINGS } from "../../../../stacks/entry-settings.ts";
import { recordItem, type StagingRecord } from "../../../../staging/record.ts";
import { parseRegion, parseRegionList } from "../../../../staging/regions.ts";
import { RECORD_TYPE, REPLICATION, STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { parseStackName } from "../../../../staging/stack-name.ts";
import { metaItem } from "../../../../staging/sweep/meta-item.ts";
import { parseTtlDays } from "../../../../staging/ttl.ts";
import { entrySpec } from "../../../components/settings.ts";
import { failureOf } from "../../../support/failure.ts";
import { fullSettings } from "../../records.ts";
import { testMeta } from "../../sweep-items.ts";
import { entryResource, freshRecord, holding, inEnvironment, Machine, type World } from "../machine.ts";
import { SweepsTable } from "../sweep/fakes.ts";

const RECORD = freshRecord({ sweepId: undefined });
const { stagingId: ID, stack: STACK } = RECORD;
const WEST = parseRegion("us-west-2");
const SETTINGS_FILE = settingsFile("data/stacks", STACK);

const data = entryResource(STAGED_DATA, {
  ...{ stagingId: ID, source: "/data/x", region: "us-east-1", replicateTo: [WEST] },
});
const replica = entryResource(REPLICATION, { stagingId: ID, region: WEST, method: "rule" });
const recordResource = entryResource(RECORD_TYPE, { item: JSON.stringify(recordItem(RECORD)) });

describe("an update of an entry", () => {
  // An update loads the SDK of Pulumi.
  const machine = Machine.forEachTest();

  const context = (record: StagingRecord, world: World = {}) =>
    machine.context({
      ...{ records: [record], s3: holding(record), dynamo: new SweepsTable().dynamo },
      ...world,
    });
  const plan = (changes = {}, record = RECORD, world: World = {}) =>
    planUpdate(context(record, world), ID, changes);

  describe("that is planned", () => {
    it("is done if the record, the tags and this machine's settings agree", async () => {
      expect(await plan()).to.deep.include({ record: RECORD, isDone: false });
      const { ttl, destination, regions } = RECORD;
      const spec = entrySpec(regions.join(","), { id: ID, ttl, destination });
      const text = ENTRY_SETTINGS.render({ spec, environment: fullSettings(), writableAt: undefined });
      await machine.write(SETTINGS_FILE, text);
      expect(await plan()).to.deep.include({ isDone: true });
      expect(await plan({ ttl: parseTtlDays(14) })).to.deep.include({ isDone: false });
      const otherTag = holding({ ...RECORD, ttl: parseTtlDays(3) });
      expect(await plan({}, RECORD, { s3: otherTag })).to.deep.include({ isDone: false });
      await machine.write(SETTINGS_FILE, "config: [");
      expect(await plan()).to.deep.include({ isDone: false });
    });

    it("is refused for a region without the data, unless the update removes the region", async () => {
      const s3 = holding(RECORD, ["spawn-staging-us-west-2"]);
      const error = await failureOf(plan({}, RECORD, { s3 }));
      expect(error).to.include({ fix: `spawn stage repair ${ID}` });
      const { after } = await plan({ regions: parseRegionList("us-east-1") }, RECORD, { s3 });
      expect(after.regions).to.deep.equal(["us-east-1"]);
    });

    for (const [what, changes, message] of [
      [
        "to remove a region",
        { regions: parseRegionList("us-east-1") },
        /^a region of \S+ cannot be removed: sweep-/,
      ],
      [
        "to shorten the TTL",
        { ttl: parseTtlDays(RECORD.ttl - 1) },
        /^a day of the TTL of \S+ cannot be removed: sweep-/,
      ],
      ["to lengthen the TTL", { ttl: parseTtlDays(RECORD.ttl + 1) }, undefined],
    ] as const) {
      it(`is ${message === undefined ? "possible" : "refused"} ${what} while a sweep reads the entry`, async () => {
        const { dynamo } = new SweepsTable(metaItem(testMeta({ entries: [ID] })));
        if (message === undefined)
          expect(await plan(changes, RECORD, { dynamo })).to.include({ isDone: false });
        else expect((await failureOf(plan(changes, RECORD, { dynamo }))).message).to.match(message);
      });
    }

    for (const [what, record, settings, message] of [
      [
        "is declared",
        { ...RECORD, declaredAs: "grch38", stack: parseStackName("dev") },
        fullSettings(),
        /declared in Pulumi\.dev\.yaml as item grch38/,
      ],
      [
        "is in a bucket that the settings no longer name",
        RECORD,
        fullSettings({ buckets: new Map([...fullSettings().buckets, [WEST, "other"]]) }),
        /corrupt|no longer names/,
      ],
    ] as const) {
      it(`is refused for an entry that ${what}`, async () => {
        expect((await failureOf(plan({}, record, { settings }))).message).to.match(message);
      });
    }
  });

  describe("that is made", () => {
    const update = async (
      after: Partial<StagingRecord> = { ttl: parseTtlDays(14) },
      {
        record = RECORD,
        isRepair = false,
        ...world
      }: World & { record?: StagingRecord; isRepair?: boolean } = {},
    ) => {
      const found = machine.context(inEnvironment({ records: [record], s3: holding(record), ...world }));
      return await updateEntry(found, { record: RECORD, after: { ...RECORD, ...after }, isRepair }, {});
    };

    it("writes this machine's settings only after the engine has ended", async () => {
      await machine.stack(STACK, [data, replica, recordResource]);
      await machine.write(SETTINGS_FILE, "before");
      await machine.engine("up", `[ -f '${machine.home}/${SETTINGS_FILE}' ] && exit 255`);
      expect(await update()).to.equal(false);
      expect(await machine.read(SETTINGS_FILE)).to.contain("ttl: 14");
    });

    it("leaves no settings after a failure, and says how to resume", async () => {
      await machine.stack(STACK, [data, replica, recordResource]);
      await machine.write(SETTINGS_FILE, "before");
      await machine.engine("up", "echo 'error: no' >&2; exit 255");
      const error = await failureOf(update());
      expect(error.fix).to.match(
        new RegExp(`Repeat the command to resume the update; ${ID} can be used meanwhile\\.$`),
      );
      expect(await machine.read(SETTINGS_FILE)).to.equal("");
    });

    for (const [what, resources, world, message] of [
      ["its stack is gone", undefined, {}, /there is no stack/],
      ["its stack lacks the record", [data], {}, /does not hold its record/],
      [
        "the record has changed",
        [data, replica, recordResource],
        { record: { ...RECORD, ttl: parseTtlDays(3) } },
        /was changed meanwhile/,
      ],
    ] as const) {
      it(`does not start the engine if ${what}`, async () => {
        if (resources !== undefined) await machine.stack(STACK, resources);
        expect((await failureOf(update(undefined, world))).message).to.match(message);
        expect(await machine.log()).to.not.include("pulumi up");
      });
    }

    it("does not remove a protected replica", async () => {
      await machine.stack(STACK, [data, { ...replica, protect: true }, recordResource]);
      const error = await failureOf(update({ regions: parseRegionList("us-east-1") }));
      expect(error.message).to.contain(`a replica of ${ID} is protected`);
      expect(error.fix).to.contain(`spawn stage update ${ID} --regions us-east-1`);
    });

    it("repairs a record that the table or the state lacks", async () => {
      await machine.stack(STACK, [data, replica]);
      await update({}, { isRepair: true, record: { ...RECORD, ttl: parseTtlDays(3) } });
      expect(await machine.log()).to.include("pulumi up");
    });
  });
});
