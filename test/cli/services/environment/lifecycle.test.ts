import { expect } from "chai";
import { lifecycleRulesOf } from "../../../../cli/services/environment/lifecycle.ts";
import { ttlRuleId } from "../../../../staging/classes.ts";
import { parseRegionList } from "../../../../staging/regions.ts";
import { fakeS3 } from "../../../support/fake-s3.ts";
import { testRecord } from "../../records.ts";

describe("the lifecycle rules of an entry", () => {
  it("are reported by region; a bucket without the rule and one that cannot be read are problems, in order", async () => {
    const record = testRecord({ regions: parseRegionList("us-east-1,us-west-2,eu-west-1") });
    const id = ttlRuleId(record.ttl);
    const body = `<LifecycleConfiguration><Rule><ID>${id}</ID><Status>Enabled</Status><Filter><Tag><Key>spawn:ttl-days</Key><Value>7</Value></Tag></Filter><Expiration><Days>7</Days></Expiration><NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>`;
    const problems: string[] = [];
    const rules = await lifecycleRulesOf(
      {
        environmentName: "dev",
        s3: async (region) =>
          fakeS3(({ query }) => {
            if (!("lifecycle" in query)) return undefined;
            if (region === "us-east-1") return { body };
            return region === "us-west-2" ? undefined : { status: 403, code: "AccessDenied" };
          }),
      },
      record,
      ({ message }) => problems.push(message),
    );
    expect([...rules]).to.deep.equal([
      ["us-east-1", id],
      ["us-west-2", undefined],
      ["eu-west-1", undefined],
    ]);
    expect(problems).to.have.length(2);
    expect(problems[0]).to.contain("us-west-2");
    expect(problems[1]).to.match(/eu-west-1.*cannot be read/);
  });
});
