import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import type { EntryContext } from "../../../../cli/context.ts";
import { noEntry, requireRecord } from "../../../../cli/services/entry/absent.ts";
import { beginUpload, claimUpload } from "../../../../cli/services/entry/upload/unfinished.ts";
import { InputError } from "../../../../staging/errors.ts";
import { recordItem, type StagingRecord } from "../../../../staging/record.ts";
import { fullSettings, testRecord, testSettings } from "../../records.ts";

const RECORD = testRecord();
const { stagingId: ID, stack: STACK } = RECORD;

/** An environment whose tables hold this record, or none; whatever else is asked for is a failure. */
function contextWith(record?: StagingRecord): EntryContext {
  const unexpected = async (): Promise<never> => {
    throw new Error("not to be asked for");
  };
  const Item = record && recordItem(record);
  return {
    environmentName: "dev",
    at: { environment: "dev", connection: undefined },
    settings: async () => fullSettings(),
    tables: async () => ({
      client: { send: async () => ({ Item }) } as unknown as DynamoDBClient,
      settings: testSettings(),
    }),
    ...{ account: unexpected, clientConfig: unexpected, connection: unexpected, s3: unexpected },
    ...{ target: unexpected, stateUrl: unexpected, stateObjects: unexpected },
  };
}

describe("an entry without a record", () => {
  let home: string;
  let before: string | undefined;
  beforeEach(async () => {
    before = process.env["SPAWN_HOME"];
    home = await mkdtemp(join(tmpdir(), "spawn absent "));
    process.env["SPAWN_HOME"] = home;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env["SPAWN_HOME"];
    else process.env["SPAWN_HOME"] = before;
    await rm(home, { recursive: true });
  });
  const refusal = (context = contextWith()) =>
    requireRecord(context, ID).then(
      () => undefined,
      (error: unknown) => error,
    );

  it("is an error only if the record is missing", async () => {
    expect(await requireRecord(contextWith(RECORD), ID)).to.include({ stagingId: ID });
  });

  it("is an upload that can be resumed, if this machine has begun one", async () => {
    await beginUpload(STACK, { sizeBytes: 10, version: { modifiedMs: 1 } });
    const error = await refusal();
    expect(error).to.be.instanceOf(InputError);
    expect(error).to.include({
      ...{ message: `the upload of ${ID} has not ended`, why: "It was interrupted." },
      fix: `spawn stage resume ${ID}`,
    });
  });

  it("is an upload that runs, while its process does", async () => {
    await beginUpload(STACK, { sizeBytes: 10, version: { modifiedMs: 1 } });
    const file = join(home, "data/stacks/unfinished", `${STACK}.json`);
    const { started: _, ...noted } = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...noted, pid: process.ppid }));
    expect(await refusal()).to.include({
      ...{ why: `Process ${process.ppid} is uploading it.`, fix: "spawn stage list --incomplete" },
    });
  });

  it("is one to delete again, if its deletion did not end", async () => {
    await beginUpload(STACK, { sizeBytes: 10, version: { modifiedMs: 1 } });
    await claimUpload(STACK, "deletion");
    expect(await refusal()).to.include({
      ...{
        message: `the deletion of ${ID} has begun and did not end`,
        fix: `spawn stage delete ${ID} --yes`,
      },
    });
  });

  it("fails as the tables do", async () => {
    const broken = new Error("no answer");
    const context = { ...contextWith(), tables: () => Promise.reject(broken) };
    expect(await refusal(context)).to.equal(broken);
  });

  it("is unknown if nothing holds anything of it", () => {
    expect(noEntry({ environmentName: "prod" }, ID)).to.include({
      message: `there is no staging entry ${ID} in environment prod`,
      fix: "spawn stage list --environment prod",
      exitCode: 2,
    });
  });
});
