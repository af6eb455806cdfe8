import { ListObjectsV2Command, type ListObjectsV2CommandInput, type S3Client } from "@aws-sdk/client-s3";
import { type Billed, paidFor } from "./request-payer.ts";
import { isArchive } from "./storage-class.ts";

/** An object as a listing has it. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: Date;
  /** Whether it has to be restored before it can be read, as far as the listing tells. */
  readonly isArchived: boolean;
}

export interface ListOptions {
  /** Looks whether archived objects have been restored, where the server tells. */
  readonly restores?: boolean;
}

type Options = ListOptions & Billed;

/** Whether the object was made from parts: its ETag then ends in their number. */
export const isInParts = ({ etag }: Pick<ListedObject, "etag">): boolean => /-\d+"?$/.test(etag);

/** The objects whose key starts with `prefix`, in the order of their keys' bytes, page by page; deleted ones not. */
export async function* listObjects(
  client: S3Client,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
  { restores = false, ...billed }: Options = {},
): AsyncGenerator<ListedObject, void, void> {
  let token: string | undefined;
  const list = (optional: Pick<ListObjectsV2CommandInput, "OptionalObjectAttributes">) =>
    client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ContinuationToken: token,
        // XML cannot hold every character of a key.
        EncodingType: "url",
        ...optional,
        ...paidFor(billed),
      }),
      { abortSignal: signal },
    );
  do {
    let page = await list({});
    if (restores && page.Contents?.some(({ StorageClass }) => isArchive(StorageClass))) {
      // Not asked for at once: buckets without archives need not know it.
      page = await list({ OptionalObjectAttributes: ["RestoreStatus"] });
    }
    for (const { Key, Size, ETag, LastModified, StorageClass, RestoreStatus } of page.Contents ?? []) {
      if (Key === undefined) continue;
      const isRestored = RestoreStatus?.IsRestoreInProgress === false;
      yield {
        key: decodeKey(Key, page.EncodingType),
        size: Size ?? 0,
        etag: ETag ?? "",
        lastModified: LastModified ?? new Date(0),
        isArchived: isArchive(StorageClass) && !isRestored,
      };
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/** A key of a listing that was asked for in URL encoding, which some servers do not know. */
export function decodeKey(key: string, encoding: string | undefined): string {
  return encoding === "url" ? decodeURIComponent(key.replaceAll("+", " ")) : key;
}

/** How many objects there are, and how many bytes they have together. */
export interface Tally {
  readonly objects: number;
  readonly bytes: number;
}

export async function tally(
  client: S3Client,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
): Promise<Tally> {
  let [objects, bytes] = [0, 0];
  for await (const { size } of listObjects(client, bucket, prefix, signal)) {
    objects += 1;
    bytes += size;
  }
  return { objects, bytes };
}
