import { expect } from "chai";
import { ACCESS_POINT_TYPE } from "../../../../cli/services/entry/access-points.ts";
import { partOf } from "../../../../cli/services/entry/drift.ts";
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
