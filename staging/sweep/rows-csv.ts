import { CsvError, parse } from "csv-parse/sync";
import type { Problem } from "./problems.ts";
import { columnsProblems, MAX_INDICES, MAX_ROW_BYTES, type ParsedRows, type RawRow } from "./row-checks.ts";

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number; readonly empty_lines: number };
}

/**
 * CSV as in https://www.rfc-editor.org/rfc/rfc4180: commas, double quotes, lines that end in LF or CRLF. The first
 * line names the columns. Empty lines at the end are ignored; one between rows is an error, because it could be an
 * empty value or a mistake.
 */
export function parseCsv(text: string): ParsedRows {
  let records: readonly CsvRecord[];
  try {
    records = parse(text, {
      info: true,
      record_delimiter: ["\r\n", "\n"],
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: 8 * MAX_ROW_BYTES,
      // The header, the rows, and one more row that shows that a file is too long.
      to: MAX_INDICES + 2,
    }) as unknown as readonly CsvRecord[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { columns: [], rows: [], problems: [csvProblem(error)] };
  }
  const [header, ...rest] = records;
  if (header === undefined) {
    return {
      columns: [],
      rows: [],
      problems: [{ place: undefined, message: "the file is empty; its first line must name the columns" }],
    };
  }
  const columns = header.record;
  const at = { line: firstLine(header), column: 1 };
  const problems: Problem[] = columnsProblems(columns).map((message) => ({
    place: at,
    message,
    ...separator(columns),
  }));
  if (problems.length > 0) return { columns: [], rows: [], problems };
  let empty = header.info.empty_lines;
  const rows = rest.map((row): RawRow => {
    const line = firstLine(row);
    const place = { line, column: 1 };
    if (row.info.empty_lines > empty) {
      empty = row.info.empty_lines;
      problems.push({
        place: { line: line - 1, column: 1 },
        message: "a line between two rows is empty",
        fix: 'Remove it; an empty value in the only column is written as "".',
      });
    }
    if (row.record.length !== columns.length) {
      problems.push({
        place,
        message: `the row has ${row.record.length} values for ${columns.length} columns`,
      });
    }
    return { line, values: row.record };
  });
  return { columns, rows, problems };
}

/** A quoted row may span several lines; the parser counts them. */
function firstLine({ record, info }: CsvRecord): number {
  const breaks = record.reduce((sum, value) => sum + value.split("\n").length - 1, 0);
  return info.lines - breaks;
}

function separator(columns: readonly string[]): { fix?: string } {
  const [only = ""] = columns;
  return columns.length === 1 && /[;\t|]/.test(only) ? { fix: "Separate columns by commas." } : {};
}

function csvProblem(error: CsvError): Problem {
  const { lines } = error as unknown as { readonly lines?: number };
  const place = { line: lines ?? 1, column: 1 };
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return { place, message: "a quote that was opened is not closed at the end of the file" };
    case "INVALID_OPENING_QUOTE":
      return {
        place,
        message: "a quote stands within a value",
        fix: 'Put the value in quotes and double the quote: "a ""b"""',
      };
    case "CSV_INVALID_CLOSING_QUOTE":
      return {
        place,
        message: "a comma or the end of the line must follow a closing quote",
        fix: 'Double a quote within quotes: "a ""b"""',
      };
    case "CSV_MAX_RECORD_SIZE":
      return { place, message: "the row is too long" };
    default:
      return { place, message: `not CSV: ${error.message}` };
  }
}
