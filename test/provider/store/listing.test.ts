import type { ListObjectsV2Command, ListObjectsV2CommandInput, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { type ListOptions, listObjects } from "../../../provider/store/listing.ts";

describe("listObjects", () => {
  /** Lists two pages, of which the second has archived objects, as S3 does. */
  async function list(options?: ListOptions) {
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
    const client = { send } as unknown as S3Client;
    const archived: string[] = [];
    for await (const { key, isArchived } of listObjects(
      client,
      "b",
      "",
      new AbortController().signal,
      options,
    )) {
      if (isArchived) archived.push(key);
    }
    return { archived, requests: asked.length };
  }

  it("looks for restores on a page with archived objects, where they are wanted", async () => {
    expect(await list({ restores: true })).to.deep.equal({ archived: ["archived", "ongoing"], requests: 3 });
    expect(await list()).to.deep.equal({ archived: ["archived", "ongoing", "restored"], requests: 2 });
  });
});
