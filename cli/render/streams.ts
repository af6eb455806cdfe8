import { toYaml } from "../../stacks/yaml.ts";
import { jsonText } from "./json.ts";
import { type Column, fitColumns, tableHead, tableRow } from "./table.ts";

/** Writes text and waits until it is accepted. */
export type Write = (text: string) => Promise<void>;

type Pages<T> = AsyncIterable<readonly T[]>;

/** A last column with slow values: rows are written as they complete. */
interface LateColumn<T, R extends T> {
  readonly column: Column<R>;
  /** The rows of a page with the values of the column, in order. */
  rows(page: readonly T[]): AsyncIterable<readonly R[]>;
}

/**
 * Writes rows as a table, page by page: the columns fit the first page, so that no row waits for the last page.
 * @returns the number of rows
 */
export async function writeTable<T, R extends T = T>(
  pages: Pages<T>,
  columns: readonly Column<T>[],
  write: Write,
  late?: LateColumn<T, R>,
): Promise<number> {
  const whole = (fitted: readonly Column<T>[]): Column<R>[] =>
    late === undefined ? [...fitted] : [...fitted, late.column];
  let fitted: Column<T>[] | undefined;
  let count = 0;
  for await (const page of pages) {
    let text = "";
    if (fitted === undefined && page.length > 0) {
      fitted = fitColumns(columns, page);
      text = tableHead(whole(fitted));
    }
    if (late === undefined) {
      for (const row of page) text += tableRow(fitted ?? columns, row);
      count += page.length;
    }
    if (text !== "") await write(text);
    if (late === undefined) continue;
    for await (const rows of late.rows(page)) {
      count += rows.length;
      await write(rows.map((row) => tableRow(whole(fitted ?? columns), row)).join(""));
    }
  }
  if (fitted === undefined) await write(tableHead(whole(columns)));
  return count;
}

/** Writes a JSON array. Writes nothing before the first page, so a failure to get it leaves no output. */
export async function writeJsonArray(pages: Pages<unknown>, write: Write): Promise<void> {
  let open = false;
  let first = true;
  for await (const page of pages) {
    let text = open ? "" : "[";
    open = true;
    for (const item of page) {
      text += `${first ? "" : ","}\n${indent(jsonText(item))}`;
      first = false;
    }
    if (text !== "") await write(text);
  }
  await write(first ? "[]\n".slice(open ? 1 : 0) : "\n]\n");
}

const indent = (text: string): string => text.replace(/^/gm, "  ");

/** Writes a YAML sequence. */
export async function writeYamlSequence(pages: Pages<unknown>, write: Write): Promise<void> {
  let empty = true;
  for await (const page of pages) {
    if (page.length === 0) continue;
    empty = false;
    await write(toYaml(page));
  }
  if (empty) await write("[]\n");
}
