import { expect } from "chai";
import { parseEnvironmentConfig } from "../../stacks/environment-config.ts";
import { InputError } from "../../staging/errors.ts";

const BASE = { cloud: "local", regions: ["us-east-1", "us-west-2"] };

describe("parseEnvironmentConfig", () => {
  const entriesOf = (...entries: unknown[]) =>
    parseEnvironmentConfig("dev", { ...BASE, entries }, "/home/me/my project").entries;

  it("counts relative sources from the project's folder and leaves others alone", () => {
    const sources = ["data/reference.fasta", "../shared/", "/mnt/data/x", "s3://bucket/key"];
    const entries = entriesOf(...sources.map((source, place) => ({ name: `item${place}`, source })));
    expect(entries.map(({ source }) => source)).to.deep.equal([
      "/home/me/my project/data/reference.fasta",
      "/home/me/shared",
      "/mnt/data/x",
      "s3://bucket/key",
    ]);
  });

  it("refuses an entry in a region without a bucket, and says how to add it", () => {
    try {
      entriesOf({ name: "reference", source: "x", regions: "eu-west-1" });
      expect.fail("it was accepted");
    } catch (error) {
      expect(error).to.be.instanceOf(InputError);
      const { message, why, fix } = error as InputError;
      expect(message).to.equal(
        "Pulumi.dev.yaml: spawn:entries: item reference: regions is not valid: environment dev has no bucket in eu-west-1",
      );
      expect(why).to.equal("It has one in us-east-1, us-west-2.");
      expect(fix).to.include("Add eu-west-1 to spawn:regions in Pulumi.dev.yaml");
    }
  });

  it("has no entries where none are declared", () => {
    expect(parseEnvironmentConfig("dev", BASE, "/").entries).to.deep.equal([]);
  });
});
