import { expect } from "chai";
import { spawnValues } from "../../stacks/spawn-values.ts";
import { InputError } from "../../staging/errors.ts";

describe("spawnValues", () => {
  it("keeps strings, reads lists and mappings as JSON, and keeps missing values", () => {
    const values = spawnValues({
      "spawn:cloud": "local",
      "spawn:recordsTable": "007",
      "spawn:regions": '["us-east-1","us-west-2"]',
      "spawn:buckets": '{"us-west-2":"genomes-oregon"}',
      "spawn:entries": "",
    });
    expect(values).to.deep.equal({
      cloud: "local",
      recordsTable: "007",
      regions: ["us-east-1", "us-west-2"],
      buckets: { "us-west-2": "genomes-oregon" },
      entries: undefined,
    });
  });

  it("keeps every key of spawn, known or not, and no other's", () => {
    expect(spawnValues({ "spawn:colour": "red", "aws:region": "us-east-1", "spawner:x": "1" })).to.deep.equal(
      {
        colour: "red",
      },
    );
  });

  it("names the key of an invalid list", () => {
    expect(() => spawnValues({ "spawn:regions": "[us-east-1" })).to.throw(
      InputError,
      "the configuration: spawn:regions begins like a list but is not valid",
    );
  });
});
