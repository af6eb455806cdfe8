import { isAbsolute } from "node:path";
import { parseAccountId } from "../accounts.ts";
import { parseDestination } from "../destination.ts";
import { InputError } from "../errors.ts";
import { parseStoredName } from "../filename.ts";
import { parseStagingId } from "../ids.ts";
import { parseRegion } from "../regions.ts";
import { GIB } from "../units.ts";
import { parseCommand } from "./command.ts";
import { parseCopyBucket } from "./copies.ts";
import { Fields, matched } from "./fields.ts";
import { MAX_MANAGED_POLICIES, parseIamAction, parseManagedPolicyArn } from "./iam-action.ts";
import { parseLaunchedSweepId } from "./id.ts";
import { architectureOf, INSTANCE_TYPE_PATTERN, MAX_INSTANCE_TYPES } from "./instance-types.ts";
import { MAX_DEADLINE_SECONDS, MAX_DISK_BYTES, MIN_DISK_BYTES } from "./keys.ts";
import { parseResults } from "./results.ts";
import { MAX_INDICES } from "./row-checks.ts";
import type { SweepDataset, SweepRegion, SweepRows, SweepSpec } from "./spec.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const SUBNET = /^subnet-[0-9a-f]{8,17}$/;
const TYPE = new RegExp(INSTANCE_TYPE_PATTERN);
/** The maximum number of retries and of a generation. */
const MANY = 1_000_000;

/**
 * Parses the JSON of a sweep's stack settings.
 * @param where named in errors
 * @throws InputError that names the key
 */
export function parseSweepSpec(value: unknown, where: string): SweepSpec {
  const read = new Fields(value, where);
  const count = read.whole("count", 1, MAX_INDICES);
  const regions = regionsOf(read, count);
  const rows = read.optional("rows", (key) => read.object(key, rowsOf));
  const timeoutSeconds = read.optional("timeoutSeconds", (key) => read.whole(key, 1, MAX_DEADLINE_SECONDS));
  const results = read.optional("results", (key) => read.text(key, parseResults));
  const retryIndices = read.optional("retryIndices", (key) => read.wholes(key, 0, count - 1));
  const spec: SweepSpec = {
    id: read.text("id", parseLaunchedSweepId),
    name: read.matching("name", NAME),
    count,
    regions,
    ...typesOf(read),
    spot: read.flag("spot"),
    diskGib: read.whole("diskGib", MIN_DISK_BYTES / GIB, MAX_DISK_BYTES / GIB),
    datasets: read.objects("datasets", datasetOf),
    ...(rows === undefined ? {} : { rows }),
    command: read.text("command", parseCommand),
    retries: read.object("retries", (fields) => ({
      interrupted: fields.whole("interrupted", 0, MANY),
      error: fields.whole("error", 0, MANY),
    })),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(results === undefined ? {} : { results }),
    deadlineSeconds: read.whole("deadlineSeconds", 1, MAX_DEADLINE_SECONDS),
    iamActions: read.texts("iamActions", parseIamAction),
    managedPolicies: read.texts("managedPolicies", parseManagedPolicyArn, MAX_MANAGED_POLICIES),
    generation: read.whole("generation", 0, MANY),
    ...(retryIndices === undefined ? {} : { retryIndices }),
  };
  read.end();
  return spec;
}

/** The regions divide the indices in order and without gaps. */
function regionsOf(read: Fields, count: number): SweepSpec["regions"] {
  const [first, ...others] = read.objects("regions", regionOf);
  if (first === undefined) return read.fail("regions", "is empty");
  const regions = [first, ...others] as const;
  let next = 0;
  for (const [at, { region, start, end, workers }] of regions.entries()) {
    const key = `regions[${at}]`;
    if (regions.findIndex((one) => one.region === region) !== at) read.fail(key, `has ${region} twice`);
    if (start !== next) read.fail(key, `begins with index ${start}, not ${next}`);
    if (end <= start) read.fail(key, "has no indices");
    if (workers > end - start) read.fail(key, `has more workers than indices: ${workers}`);
    next = end;
  }
  if (next !== count) read.fail("regions", `have ${next} indices, and count is ${count}`);
  return [...regions];
}

const regionOf = (read: Fields): SweepRegion => ({
  region: read.text("region", parseRegion),
  start: read.whole("start", 0, MAX_INDICES),
  end: read.whole("end", 0, MAX_INDICES),
  workers: read.whole("workers", 1, MAX_INDICES),
  subnets: read.texts("subnets", (text) => matched(text, SUBNET)),
});

function typesOf(read: Fields): Pick<SweepSpec, "instanceTypes" | "architecture"> {
  const [first, ...others] = read.texts("instanceTypes", (text) => matched(text, TYPE), MAX_INSTANCE_TYPES);
  if (first === undefined) return read.fail("instanceTypes", "is empty");
  const architecture = read.word("architecture", ["x86_64", "arm64"]);
  const other = [first, ...others].find((type) => architectureOf(type) !== architecture);
  if (other !== undefined) read.fail("architecture", `is ${architecture}, which ${other} has not`);
  return { instanceTypes: [first, ...others], architecture };
}

function datasetOf(read: Fields): SweepDataset {
  const account = read.optional("account", (key) => read.text(key, parseAccountId));
  const copies = read.objects("copies", (copy) => ({
    region: copy.text("region", parseRegion),
    bucket: copy.text("bucket", parseCopyBucket),
  }));
  if (copies.length === 0) read.fail("copies", "is empty");
  return {
    stagingId: read.text("stagingId", parseStagingId),
    kind: read.word("kind", ["file", "directory"]),
    filename: read.text("filename", parseStoredName),
    sizeBytes: read.whole("sizeBytes", 0),
    manifestSha256: read.matching("manifestSha256", SHA256),
    destination: read.text("destination", parseDestination),
    copies,
    ...(account === undefined ? {} : { account }),
  };
}

const rowsOf = (read: Fields): SweepRows => ({
  file: read.text("file", parseAbsolutePath),
  sha256: read.matching("sha256", SHA256),
});

function parseAbsolutePath(text: string): string {
  if (isAbsolute(text) && !text.includes("\0")) return text;
  throw new InputError(`${JSON.stringify(text)} is not an absolute path`);
}
