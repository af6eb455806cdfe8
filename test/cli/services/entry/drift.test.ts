import { expect } from "chai";
import { ACCESS_POINT_TYPE } from "../../../../cli/services/entry/access-points.ts";
import { compareAll, partOf } from "../../../../cli/services/entry/drift.ts";
import { UserError } from "../../../../staging/errors.ts";
import { parseStagingId } from "../../../../staging/ids.ts";
import { EXPIRATION, RECORD_TYPE, STAGED_DATA, USAGE_ROW } from "../../../../staging/resources/tokens.ts";

describe("the editable parts of an entry", () => {
  it("have names for users, except the data", () => {
    expect(partOf(RECORD_TYPE, undefined)).to.equal("the record");
    expect(partOf(USAGE_ROW, undefined)).to.equal("the usage row");
    expect(partOf(EXPIRATION, "us-west-2")).to.equal("the TTL tag in us-west-2");
    expect(partOf(ACCESS_POINT_TYPE, "us-west-2")).to.equal("the access point in us-west-2");
    expect(partOf(STAGED_DATA, "us-west-2")).to.equal(undefined);
  });
});

describe("a comparison of an entry", () => {
  const ID = parseStagingId("stage-abc123def456");
  const compare = (...errors: Error[]) =>
    compareAll(ID, [
      Promise.resolve({ found: [], fix: "spawn environment up" }),
      ...errors.map((error) => Promise.reject(error)),
    ]);

  it("has found nothing only if every check compared its parts", async () => {
    expect(await compare()).to.deep.equal({ found: [], hasDrift: false, warnings: [] });
    expect(await compare(new UserError("the engine failed", { fix: "Run it again." }))).to.deep.equal({
      found: undefined,
      hasDrift: false,
      warnings: [`not every part of ${ID} was compared: the engine failed. Fix: Run it again.`],
    });
  });

  it("keeps the warning of drift if another check failed", async () => {
    const drift = Promise.resolve({ found: ["the record is gone"], fix: "spawn stage repair" });
    const { found, hasDrift, warnings } = await compareAll(ID, [drift, Promise.reject(new UserError("no"))]);
    expect({ found, hasDrift }).to.deep.equal({ found: undefined, hasDrift: true });
    expect(warnings[0]).to.contain("the record is gone");
  });
});
