type Cell = string | number | boolean | null | undefined;

/** One line of CSV (RFC 4180), with its line end. A cell is quoted where it must be; null and undefined are empty. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(cell: Cell): string {
  const text = String(cell ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
