import { expect } from "chai";
import { ACCESS_POINT_TYPE } from "../../../../cli/services/entry/access-points.ts";
import { partOf } from "../../../../cli/services/entry/drift.ts";
import { EXPIRATION, RECORD_TYPE, STAGED_DATA, USAGE_ROW } from "../../../../staging/resources.ts";

describe("the parts of an entry that can be edited by hand", () => {
  it("have names for people, but for the data", () => {
    expect(partOf(RECORD_TYPE, undefined)).to.equal("the record");
    expect(partOf(USAGE_ROW, undefined)).to.equal("the usage row");
    expect(partOf(EXPIRATION, "us-west-2")).to.equal("the TTL tag in us-west-2");
    expect(partOf(ACCESS_POINT_TYPE, "us-west-2")).to.equal("the access point in us-west-2");
    expect(partOf(STAGED_DATA, "us-west-2")).to.equal(undefined);
  });
});
