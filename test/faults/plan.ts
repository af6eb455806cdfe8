import type { ReplicationMethod } from "../../staging/entry.ts";
import { MIB } from "../../staging/units.ts";
import { type FaultKind, KIND_NAMES, KINDS } from "./kinds.ts";
import { Random } from "./random.ts";

export const SOURCES = {
  "empty file": [{ path: "empty", size: 0 }],
  "small file": [{ path: "small.bin", size: 1024 }],
  "file in parts": [{ path: "in parts.bin", size: 20 * MIB + 7 }],
} as const;
export type SourceName = keyof typeof SOURCES;

/** One fault: what happens, to which requests, and how often. */
export interface Fault {
  readonly kind: FaultKind;
  /** "*": to requests of any operation. */
  readonly operation: string;
  /** Requests of that operation that get through before. */
  readonly skip: number;
  readonly times: number;
}

export interface Plan {
  readonly seed: number;
  readonly source: SourceName;
  readonly method: ReplicationMethod;
  /** The faults of each update; after these one more follows without faults. */
  readonly rounds: readonly (readonly Fault[])[];
}

/** More than any client tries again. */
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
const REST = ["CopyObject", "UpdateItem"];

/** The same plan for the same seed. Neighbouring seeds differ in everything. */
export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const source = random.pick(Object.keys(SOURCES) as SourceName[]);
  const method = random.pick(["rule", "copy"] as const);
  const operations = [
    ...ALWAYS,
    ...REST,
    ...(method === "rule" ? BY_RULE : []),
    // Twice: where there are parts, most can go wrong with them.
    ...(source === "file in parts" ? [...IN_PARTS, ...IN_PARTS] : []),
  ];
  const rounds = Array.from({ length: random.pick([1, 1, 2]) }, () =>
    Array.from({ length: random.integer(1, 3) }, () => faultAmong(operations, random)),
  );
  return { seed, source, method, rounds };
}

function faultAmong(operations: readonly string[], random: Random): Fault {
  const kind = random.pick(
    KIND_NAMES.filter((name) => {
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
