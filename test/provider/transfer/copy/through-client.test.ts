import type { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { sendCopy } from "../../../../provider/transfer/copy/through-client.ts";
import { SourceChangedError } from "../../../../provider/transfer/source/source.ts";

const REFUSED = Object.assign(new Error("VPC endpoints do not support cross-region requests"), {
  name: "AccessDenied",
  $metadata: { httpStatusCode: 403 },
});

const NOT_FOUND = Object.assign(new Error("NotFound"), { $metadata: { httpStatusCode: 404 } });

type Answers = Readonly<Record<"head" | "put", () => object>>;

/** A client that refuses copies as S3 does for VPC endpoints. */
function clientWith({ head, put }: Answers, requests: string[]): S3Client {
  return {
    async send({ constructor: { name } }: object) {
      requests.push(name.replace("Command", ""));
      if (name === "CopyObjectCommand") throw REFUSED;
      return name === "HeadObjectCommand" ? head() : put();
    },
  } as unknown as S3Client;
}

const FINE: Answers = { head: () => ({ ETag: '"found"' }), put: () => ({ ETag: '"copy"' }) };

/** Copies an empty object with what it is described by. @returns the requests and the outcome */
async function copyWith(answers: Partial<Answers> = {}): Promise<{ requests: string[]; error: unknown }> {
  const requests: string[] = [];
  const client = clientWith({ ...FINE, ...answers }, requests);
  const from = { bucket: "from", key: "key", ifMatch: '"found"' };
  const input = { bucket: "to", key: "key", source: from, tags: {} };
  const { signal } = new AbortController();
  const way = { source: { client, bucket: "from", key: "key" }, size: 0, destination: client, signal };
  const error = await sendCopy(way, input).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return { requests, error };
}

describe("sendCopy through this machine", () => {
  it("describes the copy as the source is described", async () => {
    const { requests, error } = await copyWith();
    expect(error).to.equal(undefined);
    expect(requests).to.deep.equal(["CopyObject", "HeadObject", "PutObject"]);
  });

  it("sends bytes again that were damaged on their way", async () => {
    const damaged = [Object.assign(new Error("BadDigest"), { name: "BadDigest" })];
    const put = () => {
      const error = damaged.pop();
      if (error !== undefined) throw error;
      return { ETag: '"copy"' };
    };
    const { requests, error } = await copyWith({ put });
    expect(error).to.equal(undefined);
    expect(requests).to.deep.equal(["CopyObject", "HeadObject", "PutObject", "PutObject"]);
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
      const { requests, error } = await copyWith({ head });
      expect(error).to.be.instanceOf(SourceChangedError);
      expect(requests).not.to.include("PutObject");
    });
  }
});
