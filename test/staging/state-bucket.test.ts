import { expect } from "chai";
import { parseAccountId } from "../../staging/accounts.ts";
import { parseRegion } from "../../staging/regions.ts";
import {
  accountInName,
  isStackOf,
  stateBucketName,
  statePlaceOf,
  stateUrlOfBucket,
} from "../../staging/state-bucket.ts";

describe("the bucket of the state", () => {
  const account = parseAccountId("123456789012");

  it("has a name with its account", () => {
    for (const region of ["us-east-1", "ap-southeast-2", "eu-central-1"]) {
      const name = stateBucketName({ namePrefix: "a-prefix-of-19-chars" }, account, parseRegion(region));
      expect(name).to.have.length.at.most(63);
      expect(accountInName(name), name).to.equal(account);
    }
    for (const name of ["acme-state", "spawn-state-1234-us-east-1", "spawn-staging-us-east-1"])
      expect(accountInName(name), name).to.equal(undefined);
  });

  it("is found in the URL that Pulumi takes, and in no URL with more in it", () => {
    const place = { bucket: "acme-state", region: parseRegion("eu-west-1") };
    expect(stateUrlOfBucket(place)).to.equal("s3://acme-state?region=eu-west-1");
    expect(statePlaceOf(stateUrlOfBucket(place))).to.deep.equal(place);
    for (const url of [
      ...[undefined, "file:///state", "s3://acme-state", "s3://acme-state/path?region=eu-west-1"],
      ...["s3://acme-state?region=eu-west-1&endpoint=localhost:9000", "s3://acme-state?region=mars-north-1"],
    ])
      expect(statePlaceOf(url), url).to.equal(undefined);
  });

  it("has the stacks of every environment, by their names", () => {
    const stacks = [
      "prod",
      "prod.stage-0123456789ab",
      "prod.sweep-0123456789ab",
      "prod2",
      "dev.stage-0123456789ab",
    ];
    expect(stacks.filter((stack) => isStackOf("prod", stack))).to.deep.equal(stacks.slice(0, 3));
  });
});
