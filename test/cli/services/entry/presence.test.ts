import { S3Client } from "@aws-sdk/client-s3";
import { HttpResponse } from "@smithy/core/protocols";
import { expect } from "chai";
import { regionPresence } from "../../../../cli/services/entry/presence.ts";
import { InputError } from "../../../../staging/errors.ts";
import type { Region } from "../../../../staging/regions.ts";
import { testRecord } from "../../records.ts";

const refused = () => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

/** A client of which each request ends so. */
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

describe("The look at the regions of an entry", () => {
  it("looks at the other regions where the owner of one region's bucket cannot be read", async () => {
    const context = {
      s3: async (region: Region): Promise<S3Client> => {
        if (region === "us-west-2") throw refused();
        return notFound(region);
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
      s3: (): Promise<S3Client> => Promise.reject(foreign),
      anyBucketsS3: async (region: Region) => notFound(region),
    };
    const error = await regionPresence(context, testRecord()).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.equal(foreign);
  });
});
