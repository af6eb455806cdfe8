import { expect } from "chai";
import type { StateResource } from "../../../../cli/engine/state.ts";
import { expiryInState } from "../../../../cli/services/cleanup/confirm-expiry.ts";
import { USAGE_ROW } from "../../../../staging/resources/tokens.ts";
import { testId } from "../../records.ts";

const ID = testId(1);
const row = (inputs: object): StateResource => ({
  urn: "urn:row",
  type: USAGE_ROW,
  inputs: { stagingId: ID, ...inputs },
});

describe("the end of an entry in its stack's state", () => {
  it("is its upload plus its TTL, with its sweep", () => {
    const inputs = { uploadedAt: "2026-01-01T00:00:00Z", ttlDays: 7 };
    expect(expiryInState([row(inputs)], ID)).to.deep.equal({
      expiresAt: new Date("2026-01-08T00:00:00Z"),
      sweepId: undefined,
    });
    expect(expiryInState([row({ ...inputs, sweepId: "sweep-a" })], ID)).to.include({ sweepId: "sweep-a" });
  });

  it("is unknown without a row of this entry, or with invalid values", () => {
    const inputs = { uploadedAt: "2026-01-01T00:00:00Z", ttlDays: 7 };
    expect(expiryInState([], ID)).to.equal(undefined);
    expect(expiryInState([row(inputs)], testId(2))).to.equal(undefined);
    for (const wrong of [
      { uploadedAt: "yesterday" },
      { ttlDays: 0 },
      { ttlDays: "7" },
      { sweepId: "../x" },
    ]) {
      expect(expiryInState([row({ ...inputs, ...wrong })], ID), JSON.stringify(wrong)).to.equal(undefined);
    }
  });
});
