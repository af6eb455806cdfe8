import { shown } from "../printable.ts";
import { formatInteger, KIB, MIB } from "../units.ts";
import { columnProblem, MAX_COLUMNS, valueProblem } from "./columns.ts";
import type { Problem } from "./problems.ts";

/** Maximum indices of a sweep. */
export const MAX_INDICES = 100_000;

/**
 * Names and values of a row together, in UTF-8, with two bytes for each value. PARAM_SET is one string of the environment, of which
 * Linux allows 128 KiB (MAX_ARG_STRLEN, https://man7.org/linux/man-pages/man2/execve.2.html), and percent-encoding takes three bytes for one.
 * As JSON, a row has at most six bytes for one: 192 KiB of the 400 KB of an item
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
 */
export const MAX_ROW_BYTES = 32 * KIB;

/** All rows of a sweep: a file of rows, or the rows of a grid. */
export const MAX_ROWS_BYTES = 64 * MIB;

/** A row with the line on which it begins. */
export interface RawRow {
  readonly line: number;
  readonly values: readonly string[];
}

/** Rows of a file, and their problems. */
export interface ParsedRows {
  readonly columns: readonly string[];
  readonly rows: readonly RawRow[];
  readonly problems: readonly Problem[];
}

/** Problems of column names: of a header, or of a grid. */
export function columnsProblems(columns: readonly string[]): string[] {
  const seen = new Set<string>();
  const found = columns.flatMap((name): string[] => {
    const problem = columnProblem(name);
    if (problem !== undefined) return [`column ${shown(name)}: ${problem}`];
    if (seen.has(name)) return [`column ${shown(name)} is given twice`];
    seen.add(name);
    return [];
  });
  if (columns.length > MAX_COLUMNS)
    found.push(`there are ${columns.length} columns; the maximum is ${MAX_COLUMNS}`);
  return found;
}

/** The problem of a row's values; undefined if there is none. */
export function rowProblem(columns: readonly string[], values: readonly string[]): string | undefined {
  let bytes = 0;
  for (const [place, value] of values.entries()) {
    const name = columns[place] ?? "";
    const problem = valueProblem(value);
    if (problem !== undefined) return `column ${shown(name)}: ${problem}`;
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 2;
  }
  return bytes > MAX_ROW_BYTES
    ? `the row has ${formatInteger(bytes)} bytes; the maximum is ${formatInteger(MAX_ROW_BYTES)}`
    : undefined;
}
