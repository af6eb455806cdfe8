import type { ListObjectsV2Command, ListObjectsV2CommandInput } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { sdkStore } from "../../../provider/store/client.ts";
import type { ListObjectsInput } from "../../../provider/store/object-store.ts";
import type { SdkClient } from "../../../provider/store/sdk-client.ts";

describe("listObjects", () => {
  /** Lists two pages, of which the second has archived objects, like S3. */
  async function list(options?: Pick<ListObjectsInput, "restores">) {
    const asked: ListObjectsV2CommandInput[] = [];
    const send = async ({ input }: ListObjectsV2Command) => {
      asked.push(input);
      if (input.ContinuationToken === undefined) {
        return { Contents: [{ Key: "a" }], IsTruncated: true, NextContinuationToken: "2" };
      }
      const isAsked = input.OptionalObjectAttributes?.includes("RestoreStatus");
      const restore = (IsRestoreInProgress: boolean) =>
        isAsked ? { RestoreStatus: { IsRestoreInProgress } } : {};
      return {
        Contents: [
          { Key: "archived", StorageClass: "GLACIER" },
          { Key: "ongoing", StorageClass: "DEEP_ARCHIVE", ...restore(true) },
          { Key: "restored", StorageClass: "GLACIER", ...restore(false) },
          { Key: "instant", StorageClass: "GLACIER_IR" },
        ],
      };
    };
    const store = sdkStore({ send } as unknown as SdkClient, "us-east-1");
    const archived: string[] = [];
    for await (const { key, isArchived } of store.listObjects({ bucket: "b", ...options })) {
      if (isArchived) archived.push(key);
    }
    return { archived, requests: asked.length };
  }

  it("reads restores on a page with archived objects on request", async () => {
    expect(await list({ restores: true })).to.deep.equal({ archived: ["archived", "ongoing"], requests: 3 });
    expect(await list()).to.deep.equal({ archived: ["archived", "ongoing", "restored"], requests: 2 });
  });
});
