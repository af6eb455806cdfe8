import { isAbsolute } from "node:path";
import * as v from "valibot";
import { parseAccountId } from "../accounts.ts";
import {
  decode,
  different,
  FLAG,
  inputErrorAt,
  list,
  mapping,
  matching,
  nonEmptyList,
  text,
  whole,
  word,
} from "../decode.ts";
import { parseDestination } from "../destination.ts";
import { InputError } from "../errors.ts";
import { parseStoredName } from "../filename.ts";
import { parseStagingId } from "../ids.ts";
import { parseRegion } from "../regions.ts";
import { GIB } from "../units.ts";
import { parseCommand } from "./command.ts";
import { parseCopyBucket } from "./copies.ts";
import { MAX_MANAGED_POLICIES, parseIamAction, parseManagedPolicyArn } from "./iam-action.ts";
import { parseLaunchedSweepId } from "./id.ts";
import { architectureOf, INSTANCE_TYPE_PATTERN, MAX_INSTANCE_TYPES } from "./instance-types.ts";
import { MAX_DEADLINE_SECONDS, MAX_DISK_BYTES, MIN_DISK_BYTES } from "./keys.ts";
import { parseResults } from "./results.ts";
import { MAX_INDICES } from "./row-checks.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const SUBNET = /^subnet-[0-9a-f]{8,17}$/;
/** The maximum number of retries and of a generation. */
const MANY = 1_000_000;

/** A staged dataset that workers download. */
const DATASET = mapping({
  stagingId: text(parseStagingId),
  kind: word(["file", "directory"]),
  /** The name of the file or directory. */
  filename: text(parseStoredName),
  sizeBytes: whole(),
  /** Lower-case hex; the key of the manifest follows from the ID. */
  manifestSha256: matching(SHA256),
  /** The absolute path on the instance. */
  destination: text<string>(parseDestination),
  /** The bucket, or the access point alias, of each region of the sweep; may have more regions of the entry. */
  copies: v.pipe(
    list(mapping({ region: text(parseRegion), bucket: text(parseCopyBucket) })),
    v.nonEmpty("is empty"),
  ),
  /** The account that staged it. Default: the sweep's own, whose usage row counts the downloads. */
  account: v.exactOptional(text(parseAccountId)),
});
export type SweepDataset = v.InferOutput<typeof DATASET>;

/** A region's share of a sweep. */
const REGION = mapping({
  region: text(parseRegion),
  /** The region's indices are `start` to `end` - 1. */
  start: whole(0, MAX_INDICES),
  end: whole(0, MAX_INDICES),
  /** Concurrent workers. */
  workers: whole(1, MAX_INDICES),
  /** IDs of subnets in one VPC. Empty: the default subnets of the default VPC. */
  subnets: different(matching(SUBNET)),
});
export type SweepRegion = v.InferOutput<typeof REGION>;

/** The rows of a sweep in a JSON lines file: one object of strings per index. Rows are not part of the stack's state. */
const ROWS = mapping({
  /** Absolute path. Another path with the same content is no change. */
  file: text(parseAbsolutePath),
  /** Of the file, lower-case hex. */
  sha256: matching(SHA256),
});
export type SweepRows = v.InferOutput<typeof ROWS>;

/** The complete inputs of a sweep's stack, without lookups. */
const SPEC = mapping({
  id: text(parseLaunchedSweepId),
  name: matching(NAME),
  /** Indices are 0 to `count` - 1. */
  count: whole(1, MAX_INDICES),
  regions: nonEmptyList(list(REGION)),
  instanceTypes: nonEmptyList(different(matching(new RegExp(INSTANCE_TYPE_PATTERN)), MAX_INSTANCE_TYPES)),
  architecture: word(["x86_64", "arm64"]),
  spot: FLAG,
  diskGib: whole(MIN_DISK_BYTES / GIB, MAX_DISK_BYTES / GIB),
  datasets: list(DATASET),
  rows: v.exactOptional(ROWS),
  command: text(parseCommand),
  retries: mapping({ interrupted: whole(0, MANY), error: whole(0, MANY) }),
  /** Time limit of the command of one index. Default: until the deadline. */
  timeoutSeconds: v.exactOptional(whole(1, MAX_DEADLINE_SECONDS)),
  /** An s3:// prefix. The worker copies the files in RESULTS_DIR to `<results>/<index>/` before the index is done. */
  results: v.exactOptional(text(parseResults)),
  /** From the start to the end of all workers. */
  deadlineSeconds: whole(1, MAX_DEADLINE_SECONDS),
  /** Actions such as `s3:GetObject` that the role gets on all resources, from `--iam-policy`. */
  iamActions: different(text(parseIamAction)),
  /** ARNs of managed policies, from `--iam-managed-policies`. */
  managedPolicies: different(text(parseManagedPolicyArn), MAX_MANAGED_POLICIES),
  /** Incremented by each `spawn sweep retry`. */
  generation: whole(0, MANY),
  /** The indices that the last generation opened again. Default: none, or all failed and cancelled ones. */
  retryIndices: v.exactOptional(different(whole(0, MAX_INDICES))),
});
export type SweepSpec = v.InferOutput<typeof SPEC>;

/**
 * Parses the JSON of a sweep's stack settings.
 * @param where named in errors
 * @throws InputError that names the key
 */
export function parseSweepSpec(value: unknown, where: string): SweepSpec {
  const fail = inputErrorAt(where);
  const spec = decode(SPEC, value, fail);
  for (const [path, message] of contradictions(spec)) throw fail({ path, message });
  return spec;
}

/** The keys that do not fit the others, and why. */
function* contradictions(spec: SweepSpec): Generator<[path: string, message: string]> {
  const { count, regions, instanceTypes, architecture, retryIndices = [] } = spec;
  let next = 0; // the regions divide the indices in order and without gaps
  for (const [at, { region, start, end, workers }] of regions.entries()) {
    const path = `regions[${at}]`;
    if (regions.findIndex((one) => one.region === region) !== at) yield [path, `has ${region} twice`];
    if (start !== next) yield [path, `begins with index ${start}, not ${next}`];
    if (end <= start) yield [path, "has no indices"];
    if (workers > end - start) yield [path, `has more workers than indices: ${workers}`];
    next = end;
  }
  if (next !== count) yield ["regions", `have ${next} indices, and count is ${count}`];
  const other = instanceTypes.find((type) => architectureOf(type) !== architecture);
  if (other !== undefined) yield ["architecture", `is ${architecture}, which ${other} has not`];
  const outside = retryIndices.findIndex((index) => index >= count);
  if (outside >= 0) yield [`retryIndices[${outside}]`, `must be a whole number from 0 to ${count - 1}`];
}

function parseAbsolutePath(text: string): string {
  if (isAbsolute(text) && !text.includes("\0")) return text;
  throw new InputError(`${JSON.stringify(text)} is not an absolute path`);
}
