import { InputError } from "../errors.ts";
import { shown } from "../printable.ts";
import { formatBytes, formatInteger } from "../units.ts";
import type { Parameter } from "./param-set.ts";
import { type Problem, SweepFileError } from "./problems.ts";
import { MAX_INDICES, MAX_ROWS_BYTES, type RawRow, rowProblem } from "./row-checks.ts";
import { parseCsv } from "./rows-csv.ts";
import { parseJsonLines } from "./rows-json.ts";

/** One row for each index of a sweep. The row's number, from 0, is the index. */
export interface Rows {
  readonly columns: readonly string[];
  /** The values of each row, in the order of `columns`. */
  readonly values: readonly (readonly string[])[];
}

type RowFormat = "csv" | "jsonl";

/** @throws InputError for a file name that does not end in `.csv`, `.jsonl` or `.ndjson` */
export function rowFormatOf(file: string): RowFormat {
  if (/\.csv$/i.test(file)) return "csv";
  if (/\.(jsonl|ndjson)$/i.test(file)) return "jsonl";
  throw new InputError(`params_file ${shown(file)} is of an unknown format`, {
    why: "The name must end in .csv (a header and rows) or in .jsonl or .ndjson (a JSON object on each line).",
  });
}

/**
 * Parses a file of rows. Every value keeps its exact text.
 * @param file its name, which selects the format, for errors
 * @throws SweepFileError with all problems and their lines
 */
export function parseRows(text: string, file: string): Rows {
  const format = rowFormatOf(file);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_ROWS_BYTES) {
    throw new InputError(`${file} is too large: ${formatBytes(bytes)}`, {
      why: `A file of rows has at most ${formatBytes(MAX_ROWS_BYTES)}.`,
    });
  }
  const plain = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const { columns, rows, problems } = format === "csv" ? parseCsv(plain) : parseJsonLines(plain);
  const all = [...problems, ...rowProblems(columns, rows)];
  if (all.length === 0 && rows.length === 0) {
    all.push({
      place: undefined,
      message: format === "csv" ? "there are no rows below the header" : "there are no rows",
    });
  }
  if (all.length > 0) throw new SweepFileError(file, all);
  return { columns, values: rows.map(({ values }) => values) };
}

function rowProblems(columns: readonly string[], rows: readonly RawRow[]): Problem[] {
  if (rows.length > MAX_INDICES) {
    const line = rows[MAX_INDICES]?.line ?? 1;
    return [
      {
        place: { line, column: 1 },
        message: `there are more than ${formatInteger(MAX_INDICES)} rows`,
        fix: "Split the file into several sweeps.",
      },
    ];
  }
  return rows.flatMap(({ line, values }) => {
    const message = rowProblem(columns, values);
    return message === undefined ? [] : [{ place: { line, column: 1 }, message }];
  });
}

/** The parameters of an index. @throws RangeError for an index without a row */
export function rowAt({ columns, values }: Rows, index: number): Parameter[] {
  const row = values[index];
  if (row === undefined) throw new RangeError(`there is no row ${index}`);
  return columns.map((name, place): Parameter => [name, row[place] ?? ""]);
}

/** The row as JSON for PARAM_FILE: an object of strings, in the order of the columns. */
export function rowJson(row: readonly Parameter[]): string {
  // An object would move numeric names to the front, and lose `__proto__`.
  return `{${row.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}
