import { expect } from "chai";
import { Outage } from "../../../../cli/services/sweep/outage.ts";
import { awsError } from "../../../support/failure.ts";

const MINUTE = 60_000;
const unreachable = Object.assign(new Error(), { code: "ECONNREFUSED" });

describe("An outage", () => {
  let time: number;
  let outage: Outage;
  beforeEach(() => {
    time = 0;
    outage = new Outage(() => time);
  });

  it("is tolerated for ten minutes after the last response", () => {
    time = 10 * MINUTE;
    expect(outage.tolerate(unreachable)).to.equal("cannot be reached, ECONNREFUSED");
    outage.end();
    time += 10 * MINUTE;
    expect(outage.tolerate(awsError("ThrottlingException"))).to.equal("AWS limits the rate of requests");
    time += 1;
    expect(() => outage.tolerate(unreachable)).to.throw(unreachable.constructor as ErrorConstructor);
  });

  it("is not tolerated for an error that a retry does not overcome", () => {
    const denied = awsError("AccessDeniedException");
    expect(() => outage.tolerate(denied)).to.throw("AccessDeniedException");
  });
});
