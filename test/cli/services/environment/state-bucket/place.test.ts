import { expect } from "chai";
import { bootstrapCommand, placeFor } from "../../../../../cli/services/environment/state-bucket/place.ts";
import { parseAccountId } from "../../../../../staging/accounts.ts";
import { parseRegion } from "../../../../../staging/regions.ts";

const [EAST, FRANKFURT] = [parseRegion("us-east-1"), parseRegion("eu-central-1")];
const owner = {
  settings: { name: "prod", namePrefix: "spawn", tableRegion: EAST },
  account: parseAccountId("123456789012"),
};
const none = { region: undefined, bucket: undefined };
const usual = { bucket: "spawn-state-123456789012-us-east-1", region: EAST };

describe("the location of the state", () => {
  it("is the current one, unless the command names another", () => {
    const inUse = "s3://my-state?region=eu-central-1";
    expect(placeFor(owner, none, undefined)).to.deep.equal(usual);
    expect(placeFor(owner, none, "file:///home/ada/state")).to.deep.equal(usual);
    expect(placeFor(owner, none, inUse)).to.deep.equal({ bucket: "my-state", region: FRANKFURT });
    expect(placeFor(owner, { ...none, bucket: "other" }, inUse)).to.deep.equal({
      bucket: "other",
      region: EAST,
    });
    expect(placeFor(owner, { ...none, region: EAST }, inUse)).to.deep.equal(usual);
  });

  it("is part of every command for other machines", () => {
    const command = "spawn environment bootstrap";
    expect(bootstrapCommand(owner, usual)).to.equal(`${command} --environment prod`);
    const other = { bucket: "spawn-state-123456789012-eu-central-1", region: FRANKFURT };
    expect(bootstrapCommand(owner, other)).to.equal(`${command} --region eu-central-1 --environment prod`);
    expect(bootstrapCommand(owner, { bucket: "my-state", region: FRANKFURT }, "--migrate")).to.equal(
      `${command} --migrate --bucket my-state --region eu-central-1 --environment prod`,
    );
  });
});
