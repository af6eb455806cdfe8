import { parseDuration } from "../duration.ts";
import { InputError } from "../errors.ts";
import { parseIdStart } from "../ids.ts";
import { dollars, type MicroDollars } from "../money.ts";
import { shown } from "../printable.ts";
import type { Region } from "../regions.ts";
import { countsOf, rowCountProblems } from "./cross-checks.ts";
import type { SweepFile } from "./file.ts";
import { gridRows } from "./grid.ts";
import { DEFAULT_INSTANCE_TYPES, INSTANCE_TYPE_PATTERN } from "./instance-types.ts";
import { DEFAULT_DEADLINE, DEFAULT_RETRIES, type Distribution } from "./keys.ts";
import { SweepFileError } from "./problems.ts";
import type { RegionCount } from "./region-keys.ts";
import type { Rows } from "./rows.ts";

/** The parameters of a sweep from its file and the command line. Names of regions and data are not resolved yet. */
export interface SweepParameters {
  readonly name: string;
  /** Indices are 0 to `count` - 1. */
  readonly count: number;
  /** One row per index; undefined for a sweep without parameters. */
  readonly rows: Rows | undefined;
  /** Empty: the regions of the staged data. Either all have counts or none has. */
  readonly regions: readonly RegionCount[];
  readonly distribution: Distribution;
  /** Equivalent types of one architecture. */
  readonly instanceTypes: readonly [string, ...string[]];
  /** IDs of staged data, or prefixes of IDs. */
  readonly entries: readonly string[];
  readonly command: string;
  /** Concurrent workers in all regions together, at most `count`. */
  readonly maxConcurrent: number;
  readonly retries: { readonly interrupted: number; readonly error: number };
  /** Time limit of the command of one index; undefined: until the deadline. */
  readonly timeoutSeconds: number | undefined;
  readonly deadlineSeconds: number;
  readonly maxCost: MicroDollars | undefined;
  readonly subnets: ReadonlyMap<Region, readonly string[]>;
  readonly diskBytes: number | undefined;
  readonly results: string | undefined;
  readonly spot: boolean;
}

/** Command-line options that set parameters of a sweep. */
export interface SweepOptions {
  /** `--stage-id`, repeatable. */
  readonly stageIds?: readonly string[];
  readonly instanceType?: string | undefined;
  readonly spot?: boolean;
}

/**
 * The parameters of a sweep. A command-line option replaces all keys with the same meaning: `--stage-id` replaces
 * `stage_id` and `stage_ids`, `--instance-type` replaces `instance_type` and `instance_types`. Nothing is merged.
 * @param rows the rows of `params_file`; undefined without that key
 * @throws InputError if the rows contradict the file, or an option is invalid
 */
export function sweepParameters(
  file: SweepFile,
  rows: Rows | undefined,
  options: SweepOptions = {},
): SweepParameters {
  const { values, places } = file;
  if ((rows === undefined) !== (values.params_file === undefined)) {
    throw new RangeError("rows are given if and only if the file has the key params_file");
  }
  if (rows !== undefined) {
    const problems = rowCountProblems(values, places, rows.values.length, "params_file");
    if (problems.length > 0) throw new SweepFileError(file.file, problems);
  }
  const all = rows ?? (values.grid === undefined ? undefined : gridRows(values.grid));
  const { regions = [] } = values;
  const counts = countsOf(values.regions);
  const count = values.count ?? all?.values.length ?? counts ?? Math.max(1, regions.length);
  if (values.base_command === undefined) throw new RangeError("base_command is missing");
  return {
    name: values.sweep_name ?? sweepNameOf(file.file),
    count,
    rows: all,
    regions,
    distribution: values.distribution ?? (counts === undefined ? "even" : "proportional"),
    instanceTypes: instanceTypesOf(file, options),
    entries: entriesOf(file, options),
    command: values.base_command,
    maxConcurrent: Math.min(count, values.max_concurrent ?? count),
    retries: { ...DEFAULT_RETRIES, ...values.retries },
    timeoutSeconds: values.timeout,
    deadlineSeconds: values.deadline ?? parseDuration(DEFAULT_DEADLINE),
    maxCost: values.max_cost === undefined ? undefined : dollars(Number(values.max_cost)),
    subnets: new Map(values.subnets),
    diskBytes: values.disk,
    results: values.results,
    spot: options.spot ?? false,
  };
}

function entriesOf({ values }: SweepFile, { stageIds = [] }: SweepOptions): readonly string[] {
  if (stageIds.length === 0)
    return values.stage_ids ?? (values.stage_id === undefined ? [] : [values.stage_id]);
  const ids = stageIds.map(parseIdStart);
  const twice = ids.find((id, place) => ids.indexOf(id) !== place);
  if (twice !== undefined) throw new InputError(`--stage-id ${twice} is given twice`);
  return ids;
}

function instanceTypesOf(
  { values }: SweepFile,
  { instanceType }: SweepOptions,
): readonly [string, ...string[]] {
  if (instanceType !== undefined) {
    if (new RegExp(INSTANCE_TYPE_PATTERN).test(instanceType)) return [instanceType];
    throw new InputError(`${shown(instanceType)} is not an instance type`, {
      fix: "--instance-type m5.xlarge",
    });
  }
  const [first, ...others] =
    values.instance_types ?? (values.instance_type === undefined ? [] : [values.instance_type]);
  return first === undefined ? DEFAULT_INSTANCE_TYPES : [first, ...others];
}

/** The default name of a sweep: `genome` for `runs/genome.yaml`. */
function sweepNameOf(file: string): string {
  const base = file.split("/").at(-1) ?? "";
  const name = base
    .replace(/\.[^.]*$/, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  return name.slice(0, 63) || "sweep";
}

/** Notes about a sweep that may not do what its author expects. */
export function commandNotes(parameters: SweepParameters): string[] {
  return [sameCommandNote(parameters), lostResultsNote(parameters)].filter((note) => note !== undefined);
}

/**
 * For a command that is the same for each index: an unquoted heredoc replaces `${SWEEP_INDEX}` with nothing before
 * the shell writes the file.
 */
function sameCommandNote({ command, count, rows }: SweepParameters): string | undefined {
  const names = ["SWEEP_INDEX", "SWEEP_ATTEMPT", "PARAM_SET", "PARAM_FILE", ...(rows?.columns ?? [])];
  if (count === 1 || names.some((name) => uses(command, name))) return undefined;
  return `base_command does not use SWEEP_INDEX or a parameter: all ${count} indices run the same command. If a shell heredoc wrote the file, quote its delimiter (<<'EOF'), or write \\\${SWEEP_INDEX} in it.`;
}

/** For a command whose results are not stored. */
function lostResultsNote({ command, results }: SweepParameters): string | undefined {
  if (results !== undefined || !uses(command, "RESULTS_DIR")) return undefined;
  return "base_command uses RESULTS_DIR, and the file has no key results: files in RESULTS_DIR are lost when the worker ends. To keep them, add results: s3://BUCKET/PREFIX/";
}

const uses = (command: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(command);
