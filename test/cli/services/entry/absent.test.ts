import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { StateResource } from "../../../../cli/engine/state.ts";
import { noEntry, requireRecord } from "../../../../cli/services/entry/absent.ts";
import { beginUpload, claimUpload } from "../../../../cli/services/entry/upload/unfinished.ts";
import { InputError } from "../../../../staging/errors.ts";
import { recordItem, type StagingRecord } from "../../../../staging/record.ts";
import { RECORD_TYPE, STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { errorOf, failureOf } from "../../../support/failure.ts";
import { testRecord } from "../../records.ts";
import { entryResource, freshRecord, Machine, type World } from "../machine.ts";

const RECORD = testRecord();
const { stagingId: ID, stack: STACK } = RECORD;

describe("an entry without a record", () => {
  const machine = Machine.forEachTest();
  const refusal = (world: World = {}) => failureOf(requireRecord(machine.context(world), ID));

  it("is an error only if the record is missing", async () => {
    expect(await requireRecord(machine.context({ records: [RECORD] }), ID)).to.include({ stagingId: ID });
  });

  it("is an upload that can be resumed if this machine started one", async () => {
    await beginUpload(STACK, { sizeBytes: 10, version: { modifiedMs: 1 } });
    const error = await refusal();
    expect(error).to.be.instanceOf(InputError);
    expect(error).to.include({
      ...{ message: `the upload of ${ID} has not ended`, why: "It was interrupted." },
      fix: `spawn stage resume ${ID}`,
    });
  });

  it("is a running upload while its process lives", async () => {
    await beginUpload(STACK, { sizeBytes: 10, version: { modifiedMs: 1 } });
    const file = join(machine.home, "data/stacks/unfinished", `${STACK}.json`);
    const { started: _, ...noted } = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...noted, pid: process.ppid }));
    expect(await refusal()).to.include({
      ...{ why: `Process ${process.ppid} is uploading it.`, fix: "spawn stage list --incomplete" },
    });
  });

  it("needs another deletion if one did not end", async () => {
    await beginUpload(STACK, { sizeBytes: 10, version: { modifiedMs: 1 } });
    await claimUpload(STACK, "deletion");
    expect(await refusal()).to.include({
      ...{
        message: `the deletion of ${ID} has begun and did not end`,
        fix: `spawn stage delete ${ID} --yes`,
      },
    });
  });

  it("fails like the tables", async () => {
    const broken = new Error("no response");
    const context = machine.context({ dynamo: () => broken });
    expect(await errorOf(requireRecord(context, ID))).to.equal(broken);
  });

  const data = entryResource(STAGED_DATA, { stagingId: ID });
  const recordResource = (record: StagingRecord) =>
    entryResource(RECORD_TYPE, { item: JSON.stringify(recordItem(record)) });
  const REMAINS: World["s3"] = ({ bucket, query }) =>
    bucket === "spawn-staging-us-east-1" && "versions" in query
      ? { body: `<R><Version><Key>${ID}/a</Key><VersionId>v</VersionId><Size>1</Size></Version></R>` }
      : undefined;
  const remove = `spawn stage delete ${ID} --yes`;
  const cases: [string, string, readonly StateResource[], World, string, string][] = [
    ["is declared", "dev", [data], {}, "it is declared in Pulumi.dev.yaml", "spawn environment up"],
    [
      "can be repaired",
      STACK,
      [recordResource(freshRecord())],
      {},
      "It was deleted by hand",
      `spawn stage repair ${ID}`,
    ],
    ["has expired", STACK, [recordResource(RECORD)], {}, "It has expired", remove],
    ["was not completed", STACK, [data], {}, "an upload or a deletion of it did not end", remove],
    [
      "has data without a stack",
      "prod",
      [],
      { s3: REMAINS },
      "still data in spawn-staging-us-east-1",
      remove,
    ],
    ["does not exist", "prod", [], {}, "It was deleted, has expired, or belongs to", "spawn stage list"],
  ];
  for (const [what, stack, resources, world, why, fix] of cases) {
    it(`is an entry that ${what}`, async () => {
      await machine.stack(stack, resources);
      const error = await refusal(world);
      expect(error.why).to.contain(why);
      expect(error.fix).to.equal(fix);
    });
  }

  it("is unknown if no resource refers to it", () => {
    expect(noEntry({ environmentName: "prod" }, ID)).to.include({
      message: `there is no staging entry ${ID} in environment prod`,
      fix: "spawn stage list --environment prod",
      exitCode: 2,
    });
  });
});
