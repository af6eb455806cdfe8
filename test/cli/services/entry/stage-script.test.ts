import { expect } from "chai";
import { requireRegion } from "../../../../cli/services/entry/stage-script.ts";
import { InputError } from "../../../../staging/errors.ts";
import { parseRegion } from "../../../../staging/regions.ts";
import { testRecord } from "../../records.ts";

describe("the region of a script or a download", () => {
  const record = testRecord();
  it("holds the entry", () => {
    expect(() => requireRegion(record, parseRegion("us-west-2"), "dev")).not.to.throw();
  });

  it("is refused if it does not hold the entry; the error names the command that adds it", () => {
    expect(() => requireRegion(record, parseRegion("eu-west-1"), "prod"))
      .to.throw(InputError, `${record.stagingId} has no data in eu-west-1`)
      .that.includes({
        why: "Its regions are us-east-1, us-west-2.",
        fix: `spawn stage update ${record.stagingId} --regions us-east-1,us-west-2,eu-west-1 --environment prod`,
      });
  });
});
