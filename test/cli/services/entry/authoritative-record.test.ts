import { expect } from "chai";
import { settingsFile } from "../../../../cli/engine/entry-project.ts";
import { authoritativeRecord } from "../../../../cli/services/entry/authoritative-record.ts";
import { otherBuckets } from "../../../../cli/services/entry/other-buckets.ts";
import { beginUpload } from "../../../../cli/services/entry/upload/unfinished.ts";
import { ENTRY_SETTINGS } from "../../../../stacks/entry-settings.ts";
import { defaultDestination } from "../../../../staging/destination.ts";
import { recordItem, type StagingRecord } from "../../../../staging/record.ts";
import { parseRegion } from "../../../../staging/regions.ts";
import { RECORD_TYPE, STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { entrySpec } from "../../../components/settings.ts";
import { failureOf } from "../../../support/failure.ts";
import { fullSettings } from "../../records.ts";
import { entryResource, freshRecord, Machine } from "../machine.ts";

const RECORD = freshRecord();
const { stagingId: ID, stack: STACK } = RECORD;
const CHANGED = { ...RECORD, destination: defaultDestination("other") };
const recordResource = (record: StagingRecord) =>
  entryResource(RECORD_TYPE, { item: JSON.stringify(recordItem(record)) });

describe("the record that a stack wrote", () => {
  const machine = Machine.forEachTest();

  const find = (item?: StagingRecord) =>
    authoritativeRecord(machine.context({ records: item ? [item] : [] }), ID);

  for (const [what, item, damage] of [
    ["is the item", RECORD, undefined],
    ["replaces an item that was changed by hand", CHANGED, "changed"],
    ["replaces an item that was deleted by hand", undefined, "deleted"],
  ] as const) {
    it(what, async () => {
      await machine.stack(STACK, [recordResource(RECORD)]);
      expect(await find(item)).to.deep.equal({ record: RECORD, damage });
    });
  }

  it("is not known while an update is pending, or without a state: the item counts", async () => {
    expect(await find(CHANGED)).to.deep.equal({ record: CHANGED, damage: undefined });
    await machine.stack(STACK, [recordResource(RECORD)], [entryResource(STAGED_DATA, { stagingId: ID })]);
    expect(await find(CHANGED)).to.deep.equal({ record: CHANGED, damage: undefined });
  });

  it("replaces no item of an upload or a deletion that was interrupted", async () => {
    await machine.stack(STACK, [recordResource(RECORD)]);
    await beginUpload(STACK, { sizeBytes: 1, version: {} });
    expect((await failureOf(find())).message).to.equal(`the upload of ${ID} has not ended`);
  });

  const data = {
    ...{ kind: "file", filename: RECORD.filename, key: RECORD.key, sizeBytes: 5, fileCount: 1 },
    ...{ sha256: RECORD.sha256, manifestKey: RECORD.manifestKey, manifestSha256: RECORD.manifestSha256 },
    uploadedAt: RECORD.uploadedAt.toISOString().replace(".000", ""),
  };
  const settings = () =>
    ENTRY_SETTINGS.render({
      spec: entrySpec(RECORD.regions.join(","), { id: ID, filename: RECORD.filename }),
      environment: fullSettings(),
      writableAt: undefined,
    });
  const writeSettings = (text: string) => machine.write(settingsFile("data/stacks", STACK), text);

  it("is made of the settings file and the data if a refresh has removed it from the state", async () => {
    await machine.stack(STACK, [entryResource(STAGED_DATA, { stagingId: ID }, { outputs: data })]);
    await failureOf(find());
    await writeSettings("config: [");
    await failureOf(find());
    await writeSettings(settings());
    const { record, damage } = await find();
    expect(damage).to.equal("deleted");
    expect(record).to.deep.include({
      stagingId: ID,
      sizeBytes: 5,
      sha256: RECORD.sha256,
      regions: RECORD.regions,
    });
  });

  it("may name buckets of the settings file and of the state, and no other", async () => {
    const moved = { ...RECORD, buckets: ["old-east", "old-west"] };
    const bucketsOf = async () => {
      const context = machine.context();
      return [...(await otherBuckets(context, moved))].map(([region, buckets]) => [region, ...buckets]);
    };
    expect(await bucketsOf()).to.deep.equal([]);
    const data = entryResource(STAGED_DATA, { stagingId: ID, region: "us-east-1", bucket: "old-east" });
    const other = entryResource(STAGED_DATA, {
      stagingId: "stage-000000000009",
      region: "us-east-1",
      bucket: "x",
    });
    await machine.stack(STACK, [data, other]);
    expect(await bucketsOf()).to.deep.equal([["us-east-1", "old-east"]]);
    const buckets = new Map([[parseRegion("us-west-2"), "old-west"]]);
    const environment = fullSettings({ buckets });
    await writeSettings(
      ENTRY_SETTINGS.render({ spec: entrySpec("us-west-2", { id: ID }), environment, writableAt: undefined }),
    );
    expect(await bucketsOf()).to.deep.include.members([
      ["us-west-2", "old-west"],
      ["us-east-1", "spawn-staging-us-east-1", "old-east"],
    ]);
  });
});
