import { attemptsOf, errorName } from "../../connection/errors/failure.ts";
import type { Bandwidth } from "../flow/bandwidth.ts";
import { forEachParallel } from "../flow/parallel.ts";
import { FileBody } from "./file-body.ts";
import type {
  CompleteUploadInput,
  DeletedVersion,
  DeletionFailure,
  ObjectStore,
  UploadAddress,
} from "./object-store.ts";
import {
  type Input,
  type Marker,
  NEVER,
  type OperationName,
  type Output,
  type Page,
  type RequestSender,
} from "./operations.ts";
import type { RetryPolicy } from "./request-retries.ts";
import { retryingSender } from "./retrying.ts";

/** DeleteObjects accepts at most 1,000 keys. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const BATCH = 1_000;
const DELETIONS_IN_FLIGHT = 8;

/**
 * Keys with these characters cannot be named in DeleteObjects: XML 1.0 cannot hold them, and parsers replace a carriage
 * return by a line feed. https://www.w3.org/TR/xml/#charsets
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression finds them
const NOT_IN_XML = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/;

/** The limits of all requests of a store. */
export interface StoreLimits {
  /** @default the sender's own retries */
  readonly retries?: RetryPolicy | undefined;
  /** The limit of the bodies that are sent, and of those that callers read. @default none */
  readonly bandwidth?: Bandwidth | undefined;
  /** Whether the buckets may belong to any account. @default false */
  readonly anyOwner?: boolean | undefined;
}

type Send = <Name extends OperationName>(
  operation: Name,
  input: Input<Name>,
  signal: AbortSignal | undefined,
) => Promise<Output<Name>>;

/** An object store that sends its requests through `sender`. */
export function objectStoreOf(once: RequestSender, limits: StoreLimits = {}): ObjectStore {
  const sender = limits.retries === undefined ? once : retryingSender(once, limits.retries);
  const send: Send = (operation, input, signal) => sendWithin(limits, sender, operation, input, signal);
  return {
    region: sender.region,
    bandwidth: limits.bandwidth,
    put: (input, signal) => send("put", input, signal),
    createUpload: (input, signal) => send("createUpload", input, signal),
    uploadPart: (input, signal) => send("uploadPart", input, signal),
    copyPart: (input, signal) => send("copyPart", input, signal),
    completeUpload: (input, signal) => completeUpload(send, input, signal),
    abortUpload: (input, signal) => abortUpload(send, input, signal),
    copy: (input, signal) => send("copy", input, signal),
    head: (input, signal) => send("head", input, signal),
    checksums: (input, signal) => send("checksums", input, signal),
    get: (input, signal) => send("get", input, signal),
    listObjects: (input, signal) => items((marker) => send("listObjects", { ...input, marker }, signal)),
    listPrefixes: (input, signal) => prefixes((marker) => send("listObjects", { ...input, marker }, signal)),
    listVersions: (input, signal) => items((marker) => send("listVersions", { ...input, marker }, signal)),
    listVersionPrefixes: (input, signal) =>
      prefixes((marker) => send("listVersions", { ...input, marker }, signal)),
    listUploads: (input, signal) => items((marker) => send("listUploads", { ...input, marker }, signal)),
    listParts: (input, signal) => items((marker) => send("listParts", { ...input, marker }, signal)),
    delete: (input, signal) => send("deleteVersion", input, signal),
    deleteVersions: (bucket, versions, signal) => deleteVersions(send, bucket, versions, signal),
    getTags: (input, signal) => send("getTags", input, signal),
    putTags: (input, signal) => send("putTags", input, signal),
  };
}

/**
 * Sends a request within the limits. A request with a body waits for bandwidth before it is signed, because a signature is valid
 * for 15 minutes: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
function sendWithin<Name extends OperationName>(
  { bandwidth, anyOwner }: StoreLimits,
  sender: RequestSender,
  operation: Name,
  input: Input<Name>,
  signal: AbortSignal | undefined,
): Promise<Output<Name>> {
  const send = () => sender.send(operation, input, { signal, bandwidth, anyOwner });
  if (bandwidth === undefined || !("body" in input)) return send();
  // Separate queues: bodies from memory hold the memory that bodies from files wait for.
  const queue = input.body instanceof FileBody ? bandwidth.files : bandwidth.buffers;
  return queue.run(input.body.length, send, signal ?? NEVER);
}

async function completeUpload(
  send: Send,
  input: CompleteUploadInput,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await send("completeUpload", input, signal);
  } catch (error) {
    // The response to a first attempt was lost, and the retry finds no upload.
    if (errorName(error) !== "NoSuchUpload" || attemptsOf(error) < 2) throw error;
  }
}

async function abortUpload(
  send: Send,
  upload: UploadAddress,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await send("abortUpload", upload, signal);
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

/** An iterator instead of a generator, which takes five times as much CPU time for each of many items. */
function items<T>(fetchPage: FetchPage<T>): AsyncIterable<T> {
  const iterate = (): AsyncIterator<T> => {
    const source = pages(fetchPage);
    let page: Iterator<T> = [][Symbol.iterator]();
    const next = async (): Promise<IteratorResult<T>> => {
      for (;;) {
        const item = page.next();
        if (item.done !== true) return item;
        const fetched = await source.next();
        if (fetched.done === true) return { done: true, value: undefined };
        page = fetched.value.items[Symbol.iterator]();
      }
    };
    return { next, return: async () => ({ done: true, value: await source.return() }) };
  };
  return { [Symbol.asyncIterator]: iterate };
}

async function* prefixes(fetchPage: FetchPage<unknown>): AsyncGenerator<string, void, void> {
  for await (const page of pages(fetchPage)) for (const prefix of page.prefixes) yield prefix;
}

async function deleteVersions(
  send: Send,
  bucket: string,
  versions: readonly DeletedVersion[],
  signal: AbortSignal | undefined,
): Promise<DeletionFailure[]> {
  const failures: DeletionFailure[] = [];
  const inXml = versions.filter(({ key }) => !NOT_IN_XML.test(key));
  for (let at = 0; at < inXml.length; at += BATCH) {
    const batch = { bucket, versions: inXml.slice(at, at + BATCH) };
    failures.push(...(await send("deleteVersions", batch, signal)));
  }
  await forEachParallel(
    () => versions.filter(({ key }) => NOT_IN_XML.test(key)),
    DELETIONS_IN_FLIGHT,
    signal ?? NEVER,
    (version, stop) => send("deleteVersion", { bucket, ...version }, stop),
  );
  return failures;
}
