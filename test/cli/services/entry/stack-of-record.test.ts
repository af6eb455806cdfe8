import { expect } from "chai";
import type { StateResource } from "../../../../cli/engine/state.ts";
import { refuseForeign } from "../../../../cli/services/entry/stack-of-record.ts";
import { UserError } from "../../../../staging/errors.ts";
import { RECORD_TYPE, STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { testId, testRecord } from "../../records.ts";

const RECORD = testRecord();
const dataOf = (stagingId: string): StateResource => ({
  urn: "urn:data",
  type: STAGED_DATA,
  inputs: { stagingId },
});
const record: StateResource = { urn: "urn:record", type: RECORD_TYPE };

describe("the stack of an entry", () => {
  const check = (resources: readonly StateResource[], isRepair = false) =>
    refuseForeign(resources, RECORD, "dev", { isRepair });

  it("is accepted with the entry's own data and record", () => {
    expect(() => check([dataOf(RECORD.stagingId), record])).not.to.throw();
  });

  it("is refused without the record, except for a repair", () => {
    expect(() => check([dataOf(RECORD.stagingId)]))
      .to.throw(UserError, `the state of ${RECORD.stagingId} does not hold its record`)
      .that.includes({ code: "cannot-complete", fix: `spawn stage delete ${RECORD.stagingId} --yes` });
    expect(() => check([dataOf(RECORD.stagingId)], true)).not.to.throw();
  });

  it("is refused if it belongs to another entry, even for a repair", () => {
    for (const isRepair of [false, true]) {
      expect(() => check([dataOf(testId(1)), record], isRepair)).to.throw(UserError, testId(1));
    }
  });
});
