import { attemptsOf, errorName } from "../../connection/errors/failure.ts";
import { forEachParallel } from "../transfer/flow/parallel.ts";
import { NEVER } from "./never.ts";
import type {
  CompleteUploadInput,
  DeletedVersion,
  DeletionFailure,
  ObjectStore,
  UploadAddress,
} from "./object-store.ts";
import type { Marker, Page, RequestSender } from "./operations.ts";

/** DeleteObjects takes at most 1,000. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const BATCH = 1_000;
const DELETIONS_IN_FLIGHT = 8;

/**
 * Characters that XML 1.0 cannot hold, so that DeleteObjects cannot name a key with them; and the carriage return, which
 * parsers turn into a line feed. https://www.w3.org/TR/xml/#charsets
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_IN_XML = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/;

/** The object store whose requests a sender sends. */
export function objectStoreOf(sender: RequestSender): ObjectStore {
  return {
    region: sender.region,
    bandwidth: sender.bandwidth,
    put: (input, signal) => sender.send("put", input, { signal }),
    createUpload: (input, signal) => sender.send("createUpload", input, { signal }),
    uploadPart: (input, signal) => sender.send("uploadPart", input, { signal }),
    copyPart: (input, signal) => sender.send("copyPart", input, { signal }),
    completeUpload: (input, signal) => completeUpload(sender, input, signal),
    abortUpload: (input, signal) => abortUpload(sender, input, signal),
    copy: (input, signal) => sender.send("copy", input, { signal }),
    head: (input, signal) => sender.send("head", input, { signal }),
    checksums: (input, signal) => sender.send("checksums", input, { signal }),
    get: (input, signal) => sender.send("get", input, { signal }),
    listObjects: (input, signal) =>
      items((marker) => sender.send("listObjects", { ...input, marker }, { signal })),
    listPrefixes: (input, signal) =>
      prefixes((marker) => sender.send("listObjects", { ...input, marker }, { signal })),
    listVersions: (input, signal) =>
      items((marker) => sender.send("listVersions", { ...input, marker }, { signal })),
    listVersionPrefixes: (input, signal) =>
      prefixes((marker) => sender.send("listVersions", { ...input, marker }, { signal })),
    listUploads: (input, signal) =>
      items((marker) => sender.send("listUploads", { ...input, marker }, { signal })),
    listParts: (input, signal) =>
      items((marker) => sender.send("listParts", { ...input, marker }, { signal })),
    deleteVersions: (bucket, versions, signal) => deleteVersions(sender, bucket, versions, signal),
    getTags: (input, signal) => sender.send("getTags", input, { signal }),
    putTags: (input, signal) => sender.send("putTags", input, { signal }),
  };
}

async function completeUpload(
  sender: RequestSender,
  input: CompleteUploadInput,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await sender.send("completeUpload", input, { signal });
  } catch (error) {
    // The answer to a first attempt got lost, and the second one finds nothing left to complete.
    if (errorName(error) !== "NoSuchUpload" || attemptsOf(error) < 2) throw error;
  }
}

async function abortUpload(
  sender: RequestSender,
  upload: UploadAddress,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await sender.send("abortUpload", upload, { signal });
  } catch (error) {
    if (errorName(error) !== "NoSuchUpload") throw error;
  }
}

type FetchPage<T> = (marker: Marker | undefined) => Promise<Page<T>>;

async function* pages<T>(fetchPage: FetchPage<T>): AsyncGenerator<Page<T>, void, void> {
  let marker: Marker | undefined;
  do {
    const page = await fetchPage(marker);
    yield page;
    marker = page.next;
  } while (marker !== undefined);
}

async function* items<T>(fetchPage: FetchPage<T>): AsyncGenerator<T, void, void> {
  for await (const page of pages(fetchPage)) for (const item of page.items) yield item;
}

async function* prefixes(fetchPage: FetchPage<unknown>): AsyncGenerator<string, void, void> {
  for await (const page of pages(fetchPage)) for (const prefix of page.prefixes) yield prefix;
}

async function deleteVersions(
  sender: RequestSender,
  bucket: string,
  versions: readonly DeletedVersion[],
  signal: AbortSignal | undefined,
): Promise<DeletionFailure[]> {
  const failures: DeletionFailure[] = [];
  const inXml = versions.filter(({ key }) => !NOT_IN_XML.test(key));
  for (let at = 0; at < inXml.length; at += BATCH) {
    const batch = { bucket, versions: inXml.slice(at, at + BATCH) };
    failures.push(...(await sender.send("deleteVersions", batch, { signal })));
  }
  await forEachParallel(
    () => versions.filter(({ key }) => NOT_IN_XML.test(key)),
    DELETIONS_IN_FLIGHT,
    signal ?? NEVER,
    (version, stop) => sender.send("deleteVersion", { bucket, ...version }, { signal: stop }),
  );
  return failures;
}
