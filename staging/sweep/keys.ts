import { DURATION_PATTERN, parseDuration } from "../duration.ts";
import { InputError } from "../errors.ts";
import { parseIdStart } from "../ids.ts";
import { parseRegion, REGIONS } from "../regions.ts";
import { parseSize, SIZE_PATTERN } from "../size.ts";
import { GIB } from "../units.ts";
import { type Key, list, mapOf, record, type ValuesOf } from "./collections.ts";
import { parseCommand } from "./command.ts";
import { gridShape } from "./grid.ts";
import { INSTANCE_TYPE_PATTERN, MAX_INSTANCE_TYPES } from "./instance-types.ts";
import type { Shape } from "./reader.ts";
import { regionsShape } from "./region-keys.ts";
import { parseResults } from "./results.ts";
import { MAX_INDICES } from "./row-checks.ts";
import { rowFormatOf } from "./rows.ts";
import { decimal, integer, matching, oneOf, text } from "./shapes.ts";

/** The keys of a parameter file. The parser (`file.ts`) and the JSON Schema (`schema.ts`) use this one table. */

const DISTRIBUTIONS = ["even", "proportional", "cheapest"] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

export const DEFAULT_DEADLINE = "24h";
/** A sweep does not outlive its data, which have a TTL of at most 90 days. */
export const MAX_DEADLINE_SECONDS = 90 * 86_400;
export const DEFAULT_RETRIES: { readonly interrupted: number; readonly error: number } = {
  interrupted: 3,
  error: 0,
};
const MAX_RETRIES = 100;

/** The root volume: from the size of Amazon Linux's image to the largest gp3 volume of 16 TiB. */
export const MIN_DISK_BYTES = 8 * GIB;
export const MAX_DISK_BYTES = 16_384 * GIB;

const duration = (least: number, most: number): Shape<number> =>
  text({
    expected: "a duration such as 24h, 90m or 1h30m",
    schema: { pattern: DURATION_PATTERN },
    parse: (value) => parseDuration(value, least, most),
  });

/** An ID or its first digits, with or without `stage-`. */
const stageId = text({
  expected: "a staging ID such as stage-abc123def456",
  schema: { pattern: "^(stage-)?[0-9a-f]{4,12}$" },
  parse: parseIdStart,
});

const instanceType = matching(INSTANCE_TYPE_PATTERN, "an instance type such as m5.xlarge", 64);

const region = text({
  expected: "a region such as us-east-1",
  schema: { enum: REGIONS },
  parse: parseRegion,
});

const disk = text({
  expected: "a size such as 200 GB",
  schema: { pattern: SIZE_PATTERN },
  parse(value) {
    const bytes = parseSize(value);
    if (bytes >= MIN_DISK_BYTES && bytes <= MAX_DISK_BYTES) return bytes;
    throw new InputError(`the disk size ${value} is out of range`, { why: "It must be from 8 GB to 16 TB." });
  },
});

const results = text({
  expected: "an S3 prefix such as s3://my-bucket/results/",
  schema: { pattern: "^s3://[^/]+/(.*/)?$" },
  parse: parseResults,
});

const paramsFile = text({
  expected: "the path of a .csv, .jsonl or .ndjson file",
  schema: { pattern: "^[^\\u0000]+\\.([cC][sS][vV]|[jJ][sS][oO][nN][lL]|[nN][dD][jJ][sS][oO][nN])$" },
  parse(value) {
    if (value.includes("\0")) throw new InputError("a path cannot have the character NUL");
    rowFormatOf(value);
    return value;
  },
});

const command = text({
  expected: "a shell script",
  schema: { minLength: 1 },
  parse: parseCommand,
});

const retries = record(
  {
    interrupted: {
      description: "Retries of an index after its instance was interrupted or terminated. Default: 3.",
      shape: integer(0, MAX_RETRIES),
    },
    error: {
      description: "Retries of an index after its command failed. Default: 0.",
      shape: integer(0, MAX_RETRIES),
    },
  },
  "a mapping of interrupted and error",
);

const key = <T>(description: string, shape: Shape<T>): Key<T> => ({ description, shape });

export const KEYS = {
  sweep_name: key(
    "Name of the sweep. Default: the name of the file.",
    matching(
      "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
      "1 to 63 letters, digits, dots, hyphens and underscores",
      63,
    ),
  ),
  count: key(
    "Number of indices: the command runs once for each, with SWEEP_INDEX from 0. Default: the number of rows of params_file or grid, the sum of the regions' counts, or one for each region of the list.",
    integer(1, MAX_INDICES),
  ),
  regions: key(
    "Regions of the sweep, with or without counts. Default: the regions of the staged data.",
    regionsShape(region),
  ),
  distribution: key(
    "How indices are distributed over the regions. even (default): the numbers of two regions differ by at most one. proportional (default if regions have counts): by the counts. cheapest: by price; counts are upper limits.",
    oneOf(DISTRIBUTIONS),
  ),
  instance_type: key("EC2 instance type of the workers. Default: m5.xlarge.", instanceType),
  instance_types: key(
    "Instance types of the workers. Any of them may be used; all must have the same architecture.",
    list(instanceType, { expected: "a list of instance types", most: MAX_INSTANCE_TYPES, unique: true }),
  ),
  stage_id: key("Staged data that each worker downloads before its first index.", stageId),
  stage_ids: key(
    "Several staged datasets that each worker downloads before its first index.",
    list(stageId, { expected: "a list of staging IDs", most: 20, unique: true }),
  ),
  params_file: key(
    "File of rows, one index per row: CSV with a header, or JSON lines. The path is relative to this file.",
    paramsFile,
  ),
  grid: key(
    "Parameters with their values: one index for each combination. The last parameter changes fastest. Values keep their text.",
    gridShape,
  ),
  base_command: key("The script to run for each index. Its first line may name its interpreter.", command),
  max_concurrent: key(
    "Concurrent workers, in all regions together. Default: one per index.",
    integer(1, MAX_INDICES),
  ),
  retries: key("Retries of an index, by cause.", retries),
  timeout: key(
    "Time limit of the command of an index. Default: until the deadline.",
    duration(1, MAX_DEADLINE_SECONDS),
  ),
  deadline: key(
    `Time limit of the sweep; then all workers end. Default: ${DEFAULT_DEADLINE}.`,
    duration(60, MAX_DEADLINE_SECONDS),
  ),
  max_cost: key(
    "Maximum cost of the instances, in US dollars. It shortens the deadline.",
    decimal("an amount in US dollars such as 25 or 12.50", 1_000_000_000),
  ),
  subnets: key(
    "Subnets of the workers, by region. Default: the subnets of the region's default VPC.",
    mapOf(
      region,
      list(matching("^subnet-[0-9a-f]{8,17}$", "a subnet ID such as subnet-0abc1234", 24), {
        expected: "a list of subnet IDs",
        most: 16,
        unique: true,
      }),
      { expected: "a mapping from regions to lists of subnet IDs", most: REGIONS.length },
    ),
  ),
  disk: key("Size of the workers' root volume. Default: the data × 1.1 + 16 GB.", disk),
  results: key("S3 prefix for the results of the sweep, such as s3://my-bucket/results/.", results),
} as const;

export type SweepKey = keyof typeof KEYS;
export type SweepValues = ValuesOf<typeof KEYS>;

/** Keys that exclude each other. */
export const EXCLUSIVE: readonly (readonly [SweepKey, SweepKey])[] = [
  ["stage_id", "stage_ids"],
  ["instance_type", "instance_types"],
  ["params_file", "grid"],
];

/** The required keys. */
export const REQUIRED: readonly SweepKey[] = ["base_command"];
