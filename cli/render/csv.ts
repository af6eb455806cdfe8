import { printable } from "../../staging/printable.ts";

type Cell = string | number | boolean | null | undefined;

/** `spreadsheet`: no cell is a formula, and control characters are escaped. `raw`: the exact text, for programs. */
export type CsvForm = "spreadsheet" | "raw";

/** One line of CSV (RFC 4180), with its line end. Cells are quoted if necessary; null and undefined are empty. */
export function csvLine(cells: readonly Cell[], form: CsvForm = "spreadsheet"): string {
  return `${cells.map((cell) => csvCell(cell, form)).join(",")}\r\n`;
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
