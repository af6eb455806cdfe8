import { S3Client } from "@aws-sdk/client-s3";
import { HttpResponse } from "@smithy/core/protocols";
import { expect } from "chai";
import { damageError, type RegionState, regionPresence } from "../../../../cli/services/entry/presence.ts";
import { sdkStore } from "../../../../provider/store/client.ts";
import type { ObjectStore } from "../../../../provider/store/object-store.ts";
import { InputError } from "../../../../staging/errors.ts";
import type { Region } from "../../../../staging/regions.ts";
import { testRecord } from "../../records.ts";

const refused = () => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

/** A client whose requests all have this result. */
function client(region: string, handle: () => Promise<{ response: HttpResponse }>): S3Client {
  return new S3Client({
    region,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
    requestHandler: { handle },
  });
}
const notFound = (region: string) =>
  client(region, async () => ({ response: new HttpResponse({ statusCode: 404 }) }));

describe("The region check of an entry", () => {
  it("continues if the owner of one region's bucket cannot be read", async () => {
    const context = {
      store: async (region: Region): Promise<ObjectStore> => {
        if (region === "us-west-2") throw refused();
        return sdkStore(notFound(region), region);
      },
      anyBucketsS3: async (region: Region) => client(region, () => Promise.reject(refused())),
    };
    const found = await regionPresence(context, testRecord());
    expect(found.map(({ region, state }) => [region, state])).to.deep.equal([
      ["us-east-1", "missing"],
      ["us-west-2", "unreachable"],
    ]);
  });

  it("refuses the bucket of another environment", async () => {
    const foreign = new InputError("the bucket of another environment");
    const context = {
      store: (): Promise<ObjectStore> => Promise.reject(foreign),
      anyBucketsS3: async (region: Region) => notFound(region),
    };
    const error = await regionPresence(context, testRecord()).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.equal(foreign);
  });
});

describe("The error of a damaged entry", () => {
  const record = testRecord();
  const presence = (east: RegionState, west: RegionState) =>
    record.regions.map((region, at) => ({
      region,
      bucket: "b",
      holdsSome: true,
      state: at === 0 ? east : west,
    }));
  const fix = (east: RegionState, west: RegionState, required?: readonly string[]) =>
    damageError(record, presence(east, west), "dev", required)?.fix;

  it("names the repair if any region is whole, even one that is not required", () => {
    for (const required of [undefined, ["us-east-1"]]) {
      expect(fix("missing", "whole", required)).to.equal(`spawn stage repair ${record.stagingId}`);
      expect(fix("missing", "missing", required)).to.contain("No region holds the data any more.");
      expect(fix("missing", "unreachable", required)).to.contain("one of them may hold the data");
    }
  });

  it("is none if all required regions are whole", () => {
    expect(damageError(record, presence("missing", "whole"), "dev", ["us-west-2"])).to.equal(undefined);
    expect(damageError(record, presence("whole", "whole"), "dev")).to.equal(undefined);
  });
});
