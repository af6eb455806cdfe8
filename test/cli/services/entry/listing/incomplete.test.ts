import { expect } from "chai";
import { settingsFile } from "../../../../../cli/engine/entry-project.ts";
import {
  findSameUpload,
  listIncomplete,
  readIncomplete,
} from "../../../../../cli/services/entry/listing/incomplete.ts";
import {
  beginUpload,
  claimUpload,
  importUnfinished,
  readUnfinished,
} from "../../../../../cli/services/entry/upload/unfinished.ts";
import { ENTRY_SETTINGS } from "../../../../../stacks/entry-settings.ts";
import { parseAccountId } from "../../../../../staging/accounts.ts";
import { type EntrySpec, entryStackName } from "../../../../../staging/entry.ts";
import type { StagingRecord } from "../../../../../staging/record.ts";
import { parseTtlDays } from "../../../../../staging/ttl.ts";
import { entrySpec } from "../../../../components/settings.ts";
import { fullSettings, testId } from "../../../records.ts";
import { freshRecord, Machine } from "../../machine.ts";

const SOURCE = { sizeBytes: 10, version: { modifiedMs: 1 } };
const SPEC = entrySpec();
const RECORD = freshRecord();
const { stagingId: ID, stack: STACK } = RECORD;

describe("an upload that has begun", () => {
  const machine = Machine.forEachTest();

  /** An upload of this process, which is not another process at work on it. */
  async function begin(changes: Partial<EntrySpec> = {}) {
    const spec = { ...SPEC, ...changes };
    const stack = entryStackName("dev", spec.id);
    await beginUpload(stack, SOURCE);
    const settings = { spec, environment: fullSettings(), writableAt: undefined };
    await machine.write(settingsFile("data/stacks", stack), ENTRY_SETTINGS.render(settings));
  }
  const list = async (records: readonly StagingRecord[] = []) => {
    const unreadable: string[] = [];
    const found = await listIncomplete(machine.context({ records }), ({ message }) =>
      unreadable.push(message),
    );
    return { stacks: found.map(({ stack }) => stack), unreadable };
  };

  it("is incomplete until it has its record, and again while it is deleted", async () => {
    await begin();
    expect(await list()).to.deep.equal({ stacks: [STACK], unreadable: [] });
    expect(await list([RECORD])).to.deep.equal({ stacks: [], unreadable: [] });
    await claimUpload(STACK, "deletion");
    expect(await list([RECORD])).to.deep.equal({ stacks: [STACK], unreadable: [] });
  });

  it("does not hide the others if its settings cannot be read, or were never written", async () => {
    await begin();
    const [damaged, bare] = [testId(1), testId(2)].map((id) => entryStackName("dev", id));
    for (const stack of [damaged, bare]) if (stack !== undefined) await beginUpload(stack, SOURCE);
    if (damaged !== undefined) await machine.write(settingsFile("data/stacks", damaged), "config: [");
    const { stacks, unreadable } = await list();
    expect(stacks).to.deep.equal([STACK]);
    expect(unreadable).to.have.length(1);
  });

  it("is forgotten when it is read after its end, but not after a refused deletion", async () => {
    await begin();
    const read = (records: readonly StagingRecord[]) => readIncomplete(machine.context({ records }), STACK);
    expect(await read([])).to.deep.include({ stack: STACK, isWhole: false, uploading: false });
    await claimUpload(STACK, "deletion");
    expect(await read([RECORD])).to.equal(undefined);
    expect(await readUnfinished(STACK)).to.not.equal(undefined);
    await beginUpload(STACK, SOURCE);
    expect(await read([RECORD])).to.equal(undefined);
    expect(await readUnfinished(STACK)).to.equal(undefined);
  });

  describe("is resumed by the same command", () => {
    const find = (
      changes: Partial<EntrySpec> = {},
      records: readonly StagingRecord[] = [],
      source = SOURCE,
    ) => findSameUpload(machine.context({ records }), { ...SPEC, id: testId(9), ...changes }, source);

    it("with the earlier ID, and with the readers and limits of now", async () => {
      expect(await find()).to.equal(undefined);
      await begin({ timeoutSeconds: 1 });
      const allowAccounts = [parseAccountId("123456789012")];
      const same = await find({ allowAccounts, timeoutSeconds: 3600 });
      expect(same?.settings.spec).to.deep.equal({ ...SPEC, allowAccounts, timeoutSeconds: 3600 });
      expect(same?.untold).to.equal(undefined);
    });

    for (const [what, changes] of [
      ["source", { source: "/other" }],
      ["TTL", { ttl: parseTtlDays(8) }],
      ["patterns", { exclude: ["x"] }],
    ] as const) {
      it(`not with another ${what}`, async () => {
        await begin();
        expect(await find(changes)).to.equal(undefined);
      });
    }

    it("not if it is deleted, was begun elsewhere, or its journal is damaged", async () => {
      await begin();
      await claimUpload(STACK, "deletion");
      expect(await find()).to.equal(undefined);
      await importUnfinished(STACK, { startedAt: new Date().toISOString(), sizeBytes: 10 });
      expect(await find()).to.equal(undefined);
      await machine.write(`data/stacks/unfinished/${STACK}.json`, "{");
      expect(await find()).to.equal(undefined);
    });

    it("with its record if it is whole; not if the source has changed since", async () => {
      await begin();
      expect((await find({}, [RECORD]))?.untold).to.deep.equal(RECORD);
      const allowAccounts = [parseAccountId("123456789012")];
      expect((await find({ allowAccounts }, [RECORD]))?.untold).to.equal(undefined);
      expect(await find({}, [RECORD], { ...SOURCE, sizeBytes: 11 })).to.equal(undefined);
      expect(await readUnfinished(STACK), ID).to.equal(undefined);
    });
  });
});
