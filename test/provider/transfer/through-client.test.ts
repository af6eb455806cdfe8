import { CopyObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { SourceChangedError } from "../../../provider/transfer/source.ts";
import { sendCopy } from "../../../provider/transfer/through-client.ts";

const REFUSED = Object.assign(new Error("VPC endpoints do not support cross-region requests"), {
  name: "AccessDenied",
  $metadata: { httpStatusCode: 403 },
});

const NOT_FOUND = Object.assign(new Error("NotFound"), { $metadata: { httpStatusCode: 404 } });

/** A client that refuses copies as S3 does for VPC endpoints. @param head the answer to a HEAD of the source */
function clientWith(head: () => object, requests: string[]): S3Client {
  return {
    async send({ constructor: { name } }: object) {
      requests.push(name.replace("Command", ""));
      if (name === "CopyObjectCommand") throw REFUSED;
      return name === "HeadObjectCommand" ? head() : { ETag: '"copy"' };
    },
  } as unknown as S3Client;
}

/** Copies an empty object with what it is described by. @returns the requests and the outcome */
async function copyWith(head: () => object): Promise<{ requests: string[]; error: unknown }> {
  const requests: string[] = [];
  const client = clientWith(head, requests);
  const command = new CopyObjectCommand({
    ...{ Bucket: "to", Key: "key", CopySource: "from/key", CopySourceIfMatch: '"found"' },
    MetadataDirective: "COPY",
  });
  const { signal } = new AbortController();
  const way = { source: { client, bucket: "from", key: "key" }, size: 0, destination: client, signal };
  const error = await sendCopy(way, command).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return { requests, error };
}

describe("sendCopy through this machine", () => {
  it("describes the copy as the source is described", async () => {
    const { requests, error } = await copyWith(() => ({ ETag: '"found"' }));
    expect(error).to.equal(undefined);
    expect(requests).to.deep.equal(["CopyObject", "HeadObject", "PutObject"]);
  });

  for (const [what, head] of [
    [
      "vanished",
      () => {
        throw NOT_FOUND;
      },
    ],
    ["has other content", () => ({ ETag: '"other"' })],
  ] as const) {
    it(`writes nothing where the source ${what} meanwhile, as S3 would not`, async () => {
      const { requests, error } = await copyWith(head);
      expect(error).to.be.instanceOf(SourceChangedError);
      expect(requests).not.to.include("PutObject");
    });
  }
});
