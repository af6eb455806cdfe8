import { copiedPartSize, MAX_OBJECT_BYTES, partSizeFor } from "./part-size.ts";

/**
 * Requests to S3 by their price. https://aws.amazon.com/s3/pricing/ has two for S3 Standard: one for PUT, COPY, POST
 * and LIST, including those of tags and of parts, and one for GET and all others. DELETE and CANCEL are free.
 */
export interface RequestCount {
  readonly put: number;
  readonly get: number;
}

/** The number and the mean size of objects: the files of an entry, as if all had the same size. */
export interface Shape {
  readonly sizeBytes: number;
  readonly fileCount: number;
}

/** Keys per page of a listing. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
const PAGE = 1000;
/** New objects whose tags are read: the first 64, then every 100th. */
export const SAMPLED_FIRST = 64;
export const SAMPLED_EVERY = 100;

/** Requests to write a file, in one request or in parts: then also create, complete, and a search for open uploads. */
const PER_UPLOAD_IN_PARTS = 3;
/** The same for a copy, which searches twice for open uploads. */
const PER_COPY_IN_PARTS = 4;
/** Requests to check a multipart file afterwards: HEAD and tags. */
const LOOKS_AT_PARTS = 2;
/** Requests to check the data and the manifest before and after, and to read their tags. */
const LOOKS = 6;

/**
 * Requests of an upload to the primary region: the files, the manifest, the listings that compare them, and a sample
 * of their tags. Measured with `test/provider/requests.integration.ts`, without retries and without existing objects.
 */
export function uploadRequests(shape: Shape): RequestCount {
  const { fileCount, parts, inParts } = measure(shape, (size) => partSizeFor(size));
  const written = fileCount - inParts + parts + PER_UPLOAD_IN_PARTS * inParts;
  const expiring = expirationRequests(shape);
  // A listing before and after, and a search for open uploads.
  return {
    put: written + 1 + 2 * pages(fileCount + 1) + 1 + expiring.put,
    get: LOOKS + LOOKS_AT_PARTS * inParts + expiring.get,
  };
}

/** Requests of a copy to another region: those charged to the source region, and those charged to the destination. */
export function copyRequests(shape: Shape): {
  readonly source: RequestCount;
  readonly destination: RequestCount;
} {
  const { fileCount, parts, inParts } = measure(shape, copiedParts);
  const written = fileCount - inParts + parts + PER_COPY_IN_PARTS * inParts;
  const listings = pages(fileCount + 1);
  const expiring = expirationRequests(shape);
  return {
    source: { put: listings, get: LOOKS / 2 + inParts },
    destination: {
      put: written + 1 + listings + 1 + expiring.put,
      // A multipart copy also reads the checksum.
      get: LOOKS / 2 + (LOOKS_AT_PARTS + 1) * inParts + expiring.get,
    },
  };
}

/** Requests of a new TTL in each region: reads and writes of every object's tags. */
export function retagRequests({ fileCount }: Shape): RequestCount {
  const objects = fileCount + 1;
  return { put: pages(objects) + objects, get: 1 + objects };
}

/** Requests to check that the objects of a region are in their class. */
function expirationRequests({ fileCount }: Shape): RequestCount {
  const objects = fileCount + 1;
  const sampled = Math.ceil(Math.max(0, objects - SAMPLED_FIRST) / SAMPLED_EVERY);
  return { put: pages(objects), get: 1 + Math.min(objects, SAMPLED_FIRST) + sampled };
}

const pages = (objects: number): number => Math.ceil(objects / PAGE);

const copiedParts = (size: number): number => {
  const sourceParts = partSizeFor(size);
  const partSize = copiedPartSize(size, sourceParts);
  return sourceParts === 0 || size <= partSize ? 0 : partSize;
};

/** @param partSizeOf bytes of a part of a file; 0 for a single request */
function measure(shape: Shape, partSizeOf: (size: number) => number) {
  const fileCount = filesOf(shape);
  const size = fileCount === 0 ? 0 : Math.ceil(shape.sizeBytes / fileCount);
  const partSize = partSizeOf(size);
  const isInParts = partSize > 0;
  return {
    fileCount,
    parts: isInParts ? fileCount * Math.ceil(size / partSize) : 0,
    inParts: isInParts ? fileCount : 0,
  };
}

/** An object too large for S3 means that the number of files is wrong. */
const filesOf = ({ sizeBytes, fileCount }: Shape): number =>
  Math.max(fileCount, Math.ceil(sizeBytes / MAX_OBJECT_BYTES));
