import { expect } from "chai";
import { sdkStore } from "../../../../provider/store/client.ts";
import type { ObjectStore } from "../../../../provider/store/object-store.ts";
import type { SdkClient } from "../../../../provider/store/sdk-client.ts";
import { copyWhole } from "../../../../provider/transfer/copy/copy.ts";
import { DataPlane } from "../../../../provider/transfer/data-plane.ts";
import { SourceChangedError } from "../../../../provider/transfer/source/source.ts";

const REFUSED = Object.assign(new Error("VPC endpoints do not support cross-region requests"), {
  name: "AccessDenied",
  $metadata: { httpStatusCode: 403 },
});

const NOT_FOUND = Object.assign(new Error("NotFound"), { $metadata: { httpStatusCode: 404 } });

type Answers = Readonly<Record<"head" | "put", () => object>>;

/** A store that refuses copies like S3 for VPC endpoints. */
function storeWith({ head, put }: Answers, requests: string[]): ObjectStore {
  const client = {
    async send({ constructor: { name } }: object) {
      requests.push(name.replace("Command", ""));
      if (name === "CopyObjectCommand") throw REFUSED;
      return name === "HeadObjectCommand" ? head() : put();
    },
  } as unknown as SdkClient;
  return sdkStore(client, "us-east-1");
}

const FINE: Answers = { head: () => ({ ETag: '"found"' }), put: () => ({ ETag: '"copy"' }) };

/** Copies an empty object with its metadata. @returns the requests and the result */
async function copyWith(answers: Partial<Answers> = {}): Promise<{ requests: string[]; error: unknown }> {
  const requests: string[] = [];
  const store = storeWith({ ...FINE, ...answers }, requests);
  const copy = {
    plane: new DataPlane(),
    source: { store, bucket: "from", key: "key" },
    object: { size: 0, etag: '"found"' },
    destination: { store, bucket: "to", key: "key" },
    tags: {},
    signal: new AbortController().signal,
  };
  const error = await copyWhole(copy).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return { requests, error };
}

describe("A copy through this machine", () => {
  it("gives the copy the source's metadata", async () => {
    const { requests, error } = await copyWith();
    expect(error).to.equal(undefined);
    expect(requests).to.deep.equal(["CopyObject", "HeadObject", "PutObject"]);
  });

  it("retries bytes that were damaged in transit", async () => {
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
    it(`writes nothing if the source ${what} meanwhile, like S3`, async () => {
      const { requests, error } = await copyWith({ head });
      expect(error).to.be.instanceOf(SourceChangedError);
      expect(requests).not.to.include("PutObject");
    });
  }
});
