import { printable } from "../../staging/printable.ts";
import type { Write } from "./streams.ts";

type Cell = string | number | boolean | null | undefined;

/** `spreadsheet`: no cell is a formula, and control characters are escaped. `raw`: the exact text, for programs. */
export type CsvForm = "spreadsheet" | "raw";

/** One line of CSV (RFC 4180), with its line end. Cells are quoted if necessary; null and undefined are empty. */
export function csvLine(cells: readonly Cell[], form: CsvForm = "spreadsheet"): string {
  return `${cells.map((cell) => csvCell(cell, form)).join(",")}\r\n`;
}

/** The columns of a CSV, in a stable order; new ones are appended. */
export type CsvColumns<T> = Readonly<Record<string, (row: T) => Cell>>;

export const csvHead = (columns: CsvColumns<never>): string => csvLine(Object.keys(columns));

/** The lines of rows. */
export const csvRows = <T>(columns: CsvColumns<T>, rows: readonly T[], form?: CsvForm): string => {
  const values = Object.values(columns);
  const lineOf = (row: T): string =>
    csvLine(
      values.map((value) => value(row)),
      form,
    );
  return rows.map(lineOf).join("");
};

/** Writes rows with a head, page by page. Writes nothing before the first page. */
export async function writeCsv<T>(
  columns: CsvColumns<T>,
  pages: AsyncIterable<readonly T[]>,
  write: Write,
  form?: CsvForm,
): Promise<void> {
  let head = csvHead(columns);
  for await (const page of pages) {
    await write(head + csvRows(columns, page, form));
    head = "";
  }
  if (head !== "") await write(head);
}

function csvCell(cell: Cell, form: CsvForm): string {
  const text = String(cell ?? "");
  const shown = form === "raw" ? text : defused(text);
  return /[",\r\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}

const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/**
 * Characters that start a formula in a spreadsheet, also in full-width form, and after the semicolon that separates
 * cells in many countries. https://owasp.org/www-community/attacks/CSV_Injection
 */
const FORMULA = /(^|;)(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/** Text that a spreadsheet shows as text: a formula gets a leading apostrophe. Numbers stay numbers. */
const defused = (text: string): string =>
  NUMBER.test(text) ? text : printable(text).replace(FORMULA, "$1$2'");
