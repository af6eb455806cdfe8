import type { ReplicationMethod } from "../../staging/entry.ts";
import { MIB } from "../../staging/units.ts";
import { type FaultKind, KIND_NAMES, KINDS } from "./kinds.ts";
import { Random } from "./random.ts";

interface SourceShape {
  /** For a directory: its name. */
  readonly folder?: string;
  readonly isOnS3?: boolean;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

const SOURCES = {
  "empty file": { files: [{ path: "empty", size: 0 }] },
  "small file": { files: [{ path: "small.bin", size: 1024 }] },
  "file in parts": { files: [{ path: "in parts.bin", size: 20 * MIB + 7 }] },
  directory: {
    folder: "data set",
    files: [
      { path: ".hidden", size: 10 },
      { path: "a.txt", size: 1024 },
      { path: "sub/empty", size: 0 },
      { path: "sub/größe b.bin", size: 30_000 },
    ],
  },
  "object on S3": { isOnS3: true, files: [{ path: "on s3.bin", size: 300_000 }] },
  "large object on S3": { isOnS3: true, files: [{ path: "large on s3.bin", size: 33 * MIB + 1 }] },
} as const satisfies Readonly<Record<string, SourceShape>>;
type SourceName = keyof typeof SOURCES;

/** One fault: its kind, the affected requests, and how often it occurs. */
export interface Fault {
  readonly kind: FaultKind;
  /** "*": requests of any operation. */
  readonly operation: string;
  /** Requests of that operation that succeed first. */
  readonly skip: number;
  readonly times: number;
}

export interface Plan {
  readonly seed: number;
  readonly source: SourceName;
  readonly method: ReplicationMethod;
  /** The faults of each update; one more update follows without faults. */
  readonly rounds: readonly (readonly Fault[])[];
}

/** More than any client retries. */
const FOR_EVER = Number.POSITIVE_INFINITY;
/** Each one costs a stall. */
const SLOW_KINDS: ReadonlySet<FaultKind> = new Set(["hang", "connection refused"]);

/** Operations of every update. */
const ALWAYS = [
  "HeadObject",
  "PutObject",
  "GetObjectTagging",
  "ListObjectsV2",
  "GetBucketLifecycleConfiguration",
];
const BY_RULE = ["GetBucketReplication"];
const IN_PARTS = [
  "CreateMultipartUpload",
  "UploadPart",
  "CompleteMultipartUpload",
  "UploadPartCopy",
  "ListMultipartUploads",
  "ListParts",
];
const IS_IN_PARTS: ReadonlySet<SourceName> = new Set(["file in parts", "large object on S3"]);
const REST = ["CopyObject", "UpdateItem"];
const FROM_S3 = ["GetObject", "CopyObject"];

export const shapeOf = (source: SourceName): SourceShape => SOURCES[source];

/** The same plan for the same seed. Neighbouring seeds differ completely. */
export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const source = random.pick(Object.keys(SOURCES) as SourceName[]);
  const method = random.pick(["rule", "copy"] as const);
  const operations = [
    ...ALWAYS,
    ...REST,
    ...(method === "rule" ? BY_RULE : []),
    // Listed twice: uploads in parts can fail in most ways.
    ...(IS_IN_PARTS.has(source) ? [...IN_PARTS, ...IN_PARTS] : []),
    ...(shapeOf(source).isOnS3 === true ? FROM_S3 : []),
  ];
  const rounds = Array.from({ length: random.pick([1, 1, 2]) }, () =>
    Array.from({ length: random.integer(1, 3) }, () => faultAmong(operations, source, random)),
  );
  return { seed, source, method, rounds };
}

function faultAmong(operations: readonly string[], source: SourceName, random: Random): Fault {
  const kind = random.pick(
    KIND_NAMES.filter((name) => {
      // The program trusts S3's response for a directory's files: a HEAD of each would take as long as the upload.
      if (name === "upload tampered with" && source === "directory") return false;
      const possible = KINDS[name].operations;
      return possible.includes("*") || operations.some((operation) => possible.includes(operation));
    }),
  );
  const { operations: possible } = KINDS[kind];
  const operation = random.pick(
    possible.includes("*") ? [...operations, "*"] : operations.filter((name) => possible.includes(name)),
  );
  return {
    kind,
    operation,
    skip: operation === "*" ? random.integer(0, 12) : random.pick([0, 0, 0, 1, 2]),
    times: random.pick(SLOW_KINDS.has(kind) ? [1, 1, 1, 2, 8] : [1, 1, 2, 3, 8, FOR_EVER]),
  };
}

export function describeFault({ kind, operation, skip, times }: Fault): string {
  const which = operation === "*" ? "any request" : operation;
  return `${kind}: ${which}, after ${skip}, ${times === FOR_EVER ? "for ever" : `${times} times`}`;
}
