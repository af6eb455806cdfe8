import { printable } from "../../staging/printable.ts";
import { displayWidth, padColumns } from "./text.ts";

export interface Column<T> {
  readonly title: string;
  /** The table makes it printable. */
  readonly value: (row: T) => string;
  /** Minimum width in terminal columns. A longer value shifts its own row and is never cut. */
  readonly minWidth?: number;
}

const GAP = "  ";

/** The title line, for a table that is printed row by row. */
export function tableHead<T>(columns: readonly Column<T>[]): string {
  return line(columns.map((column) => padColumns(column.title, widthOf(column))));
}

/** One row of such a table. */
export function tableRow<T>(columns: readonly Column<T>[], row: T): string {
  return line(columns.map((column) => padColumns(cell(column, row), widthOf(column))));
}

/** The columns widened to the values of `rows`. */
export function fitColumns<T>(columns: readonly Column<T>[], rows: readonly T[]): Column<T>[] {
  return columns.map((column) => ({
    ...column,
    minWidth: rows.reduce((width, row) => Math.max(width, displayWidth(cell(column, row))), widthOf(column)),
  }));
}

/** A complete table; its columns are as wide as their widest value. */
export function renderTable<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const fitted = fitColumns(columns, rows);
  return [tableHead(fitted), ...rows.map((row) => tableRow(fitted, row))].join("");
}

const cell = <T>(column: Column<T>, row: T): string => printable(column.value(row));

const widthOf = <T>(column: Column<T>): number => Math.max(displayWidth(column.title), column.minWidth ?? 0);

const line = (cells: readonly string[]): string => `${cells.join(GAP).trimEnd()}\n`;
