import { expect } from "chai";
import { settingsFile } from "../../../../cli/engine/entry-project.ts";
import { findDeletables } from "../../../../cli/services/entry/deletable.ts";
import { ENTRY_SETTINGS } from "../../../../stacks/entry-settings.ts";
import { entryStackName } from "../../../../staging/entry.ts";
import { CorruptRecordError, recordItem } from "../../../../staging/record.ts";
import { STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { entrySpec } from "../../../components/settings.ts";
import { failureOf } from "../../../support/failure.ts";
import { fullSettings, testId, testRecord } from "../../records.ts";
import { entryResource, Machine, type World } from "../machine.ts";

const RECORD = testRecord();
const { stagingId: ID, stack: STACK } = RECORD;

describe("the search for entries to delete", () => {
  const machine = Machine.forEachTest();

  const find = (world: World = {}, ids = [ID]) =>
    findDeletables(
      machine.context({
        ...world,
        dynamo: (command, input) => (command === "Query" ? { Items: [] } : world.dynamo?.(command, input)),
      }),
      ids,
    );
  const unknown = { filename: undefined, sizeBytes: undefined, fileCount: undefined, uploadedAt: undefined };

  it("finds an entry once, by its record, and starts no engine", async () => {
    const [found, ...others] = await find({ records: [RECORD] }, [ID, ID]);
    expect(others).to.deep.equal([]);
    expect(found).to.include({ id: ID, filename: RECORD.filename, sizeBytes: RECORD.sizeBytes });
    expect(await machine.files("")).to.deep.equal([]);
  });

  it("finds an interrupted upload by this machine's settings, by its stack, or by its data", async () => {
    const bucket = "spawn-staging-us-east-1";
    const s3: World["s3"] = (request) =>
      request.bucket === bucket && "versions" in request.query
        ? { body: `<R><Version><Key>${ID}/a</Key><VersionId>v</VersionId><Size>1</Size></Version></R>` }
        : undefined;
    expect(await find({ s3 })).to.deep.equal([{ ...unknown, id: ID, regions: ["us-east-1"] }]);
    await machine.stack(STACK);
    expect(await find()).to.deep.equal([{ ...unknown, id: ID, regions: [] }]);
    const spec = entrySpec("us-west-2", { id: ID, filename: "a.txt" });
    const text = ENTRY_SETTINGS.render({ spec, environment: fullSettings(), writableAt: undefined });
    await machine.write(settingsFile("data/stacks", STACK), text);
    expect(await find()).to.deep.equal([{ ...unknown, id: ID, filename: "a.txt", regions: ["us-west-2"] }]);
  });

  it("does not use a corrupt record, which keeps no entry alive", async () => {
    await machine.stack(STACK);
    const item = { ...recordItem(RECORD), key: { S: "another/key" } };
    const [found] = await find({ dynamo: (command) => (command === "GetItem" ? { Item: item } : undefined) });
    expect(found).to.include({ id: ID, filename: undefined });
    expect(found?.corrupt).to.be.instanceOf(CorruptRecordError);
  });

  it("refuses an entry of the environment, whatever its record says", async () => {
    const declared = [entrySpec("us-east-1", { id: ID, declaredAs: "grch38" })];
    expect((await failureOf(find({ records: [RECORD], declared }))).message).to.contain("item grch38");
    await machine.stack("dev", [entryResource(STAGED_DATA, { stagingId: ID })]);
    expect((await failureOf(find())).message).to.contain("belongs to the stack of environment dev");
  });

  it("refuses all if some do not exist, and names each", async () => {
    await machine.stack(entryStackName("dev", testId(1)));
    const error = await failureOf(find({}, [testId(1), testId(2), testId(3)]));
    expect(error.message).to.equal("2 of 3 entries cannot be deleted");
    expect(error.why).to.match(new RegExp(`${testId(2)}.*${testId(3)}.*Nothing was deleted\\.$`));
    expect(await failureOf(find({}, [testId(2)]))).to.include({ fix: "spawn stage list" });
  });
});
