/** Reads CSV as RFC 4180 defines it: rows of cells, as text. @throws Error where it is not CSV */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  // A cell, quoted or bare, and its terminator.
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (match === null)
      throw new Error(`no CSV at character ${at}: ${JSON.stringify(text.slice(at, at + 20))}`);
    const [, quoted, bare = "", end] = match;
    row.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end !== ",") {
      rows.push(row);
      row = [];
    }
  }
  if (row.length > 0) throw new Error("the last line has no end");
  return rows;
}
