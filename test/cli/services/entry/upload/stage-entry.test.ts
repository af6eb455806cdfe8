import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { withEntry } from "../../../../../cli/services/entry/upload/stage-entry.ts";
import { parseEntrySpec } from "../../../../../staging/entry-values.ts";
import { type ErrorCode, UserError } from "../../../../../staging/errors.ts";
import { recordItem } from "../../../../../staging/record.ts";
import { fullSettings, testRecord, testSettings } from "../../../records.ts";

const RECORD = testRecord();
const ID = RECORD.stagingId;
const { uploadedAt: _, ...STATE } = RECORD;
const ENTRY = {
  spec: parseEntrySpec({ ...STATE, id: ID, source: "/data/x", replication: "copy" }, "a test"),
  environment: fullSettings(),
  writableAt: undefined,
};

const contextWith = (getItem: () => object) => ({
  tables: async () => ({
    client: { send: async () => getItem() } as unknown as DynamoDBClient,
    settings: testSettings(),
  }),
});
const WITHOUT_RECORD = contextWith(() => ({}));

describe("the error of a failed upload", () => {
  const failed = (code?: ErrorCode) =>
    new UserError("the upload failed", { why: "It is down", fix: "Wait", ...(code ? { code } : {}) });

  it("reports that the entry is incomplete, and how to resume or remove it", async () => {
    const error = await withEntry(WITHOUT_RECORD, failed(), ENTRY);
    expect(error).to.include({
      message: "the upload failed",
      why: `It is down. The entry ${ID} is incomplete and has no record.`,
      fix: `Wait. To resume it: spawn stage resume ${ID}. To remove its data: spawn stage delete ${ID} --yes`,
      exitCode: 1,
    });
  });

  it("suggests no resume if only a new upload helps", async () => {
    for (const code of ["cannot-complete", "checksum-mismatch"] as const) {
      expect(await withEntry(WITHOUT_RECORD, failed(code), ENTRY)).to.include({ fix: "Wait" });
    }
  });

  it("suggests neither for a recorded entry", async () => {
    const context = contextWith(() => ({ Item: recordItem(RECORD) }));
    expect(await withEntry(context, failed(), ENTRY)).to.include({
      why: `It is down. The entry ${ID} is whole and recorded.`,
      fix: `Wait. To see the entry: spawn stage info ${ID}`,
    });
  });

  it("suggests a resume while the tables do not respond", async () => {
    const context = contextWith(() => {
      throw new Error("no answer");
    });
    expect(await withEntry(context, failed(), ENTRY))
      .to.have.property("fix")
      .that.contains("stage resume");
  });

  it("explains a full disk, and keeps a bug unchanged", async () => {
    const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "write", path: "/data/x" });
    expect(await withEntry(WITHOUT_RECORD, full, ENTRY))
      .to.have.property("message")
      .that.equals("no space is left in /data");
    const defect = new TypeError("x is not a function");
    expect(await withEntry(WITHOUT_RECORD, defect, ENTRY)).to.equal(defect);
  });
});
