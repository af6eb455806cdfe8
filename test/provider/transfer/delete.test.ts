import {
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { sdkStore } from "../../../provider/store/client.ts";
import type { SdkClient } from "../../../provider/store/sdk-client.ts";
import { deleteEntry } from "../../../provider/transfer/delete.ts";
import { UserError } from "../../../staging/errors.ts";
import { errorOf } from "../../support/failure.ts";

const ID = "stage-0123456789ab";
const never = new AbortController().signal;

/** A bucket for deletions, in memory. */
class FakeBucket {
  readonly keys: Set<string>;
  /** The keys of each deletion request. */
  readonly asked: string[][] = [];
  /** The error for a key; undefined: it is deleted. */
  #failure: (key: string, request: number) => string | undefined;

  constructor(names: readonly string[], failure: (key: string, request: number) => string | undefined) {
    this.keys = new Set(names.map((name) => `${ID}/${name}`));
    this.#failure = failure;
  }

  readonly #client = { send: async (command: unknown) => this.#answer(command) } as unknown as SdkClient;
  readonly store = sdkStore(this.#client, "us-east-1");

  #answer(command: unknown): object {
    if (command instanceof ListMultipartUploadsCommand) return {};
    if (command instanceof ListObjectVersionsCommand) {
      return { Versions: [...this.keys].map((Key) => ({ Key, VersionId: "v" })) };
    }
    if (!(command instanceof DeleteObjectsCommand)) throw new Error("not implemented");
    const keys = (command.input.Delete?.Objects ?? []).map(({ Key = "" }) => Key);
    this.asked.push(keys);
    const Errors = keys.flatMap((Key) => {
      const Code = this.#failure(Key, this.asked.length);
      if (Code === undefined) this.keys.delete(Key);
      return Code === undefined ? [] : [{ Key, Code, Message: "said S3" }];
    });
    return { Errors };
  }
}

describe("deleteEntry", () => {
  for (const code of ["InternalError", "SlowDown", "ServiceUnavailable"]) {
    it(`retries only the keys that fail with ${code}`, async () => {
      const bucket = new FakeBucket(["a", "b", "c"], (key, request) =>
        key.endsWith("b") && request <= 2 ? code : undefined,
      );
      let deleted = 0;
      await deleteEntry(bucket.store, "bucket", ID, {
        signal: never,
        onDeleted: (count) => (deleted += count),
      });
      expect(bucket.keys).to.deep.equal(new Set());
      expect(bucket.asked.map(({ length }) => length)).to.deep.equal([3, 1, 1]);
      expect(deleted).to.equal(3);
    });
  }

  const failureOf = ({ store }: FakeBucket): Promise<UserError> =>
    errorOf(deleteEntry(store, "bucket", ID, { signal: never }), UserError);

  it("names the keys that fail every time", async () => {
    const bucket = new FakeBucket(["a", "b"], (key) => (key.endsWith("b") ? "SlowDown" : undefined));
    const { message, why } = await failureOf(bucket);
    expect(message).to.equal("1 of 2 objects in bucket could not be deleted");
    expect(why).to.equal(`${ID}/b (SlowDown: said S3)`);
    expect(bucket.asked).to.have.length(5);
  });

  it("names a forbidden key at once", async () => {
    const bucket = new FakeBucket(["a", "b"], () => "AccessDenied");
    expect((await failureOf(bucket)).why).to.contain(`${ID}/a (AccessDenied: said S3); ${ID}/b`);
    expect(bucket.asked).to.have.length(1);
  });

  it("names a forbidden key at the end if others fail temporarily", async () => {
    const bucket = new FakeBucket(["a", "b"], (key, request) =>
      key.endsWith("a") ? "AccessDenied" : request === 1 ? "InternalError" : undefined,
    );
    const { message, why } = await failureOf(bucket);
    expect(message).to.equal("1 of 2 objects in bucket could not be deleted");
    expect(why).to.equal(`${ID}/a (AccessDenied: said S3)`);
    expect(bucket.asked.map(({ length }) => length)).to.deep.equal([2, 1]);
  });
});
