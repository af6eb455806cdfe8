import { toYaml } from "../../stacks/yaml.ts";
import { type Column, fitColumns, tableHead, tableRow } from "./table.ts";

/** Writes text and waits until it is taken. */
export type Write = (text: string) => Promise<void>;

type Pages<T> = AsyncIterable<readonly T[]>;

/**
 * Writes rows as a table, page by page: the columns fit the first page, so that nothing waits for the last one.
 * @returns how many rows there were
 */
export async function writeTable<T>(
  pages: Pages<T>,
  columns: readonly Column<T>[],
  write: Write,
): Promise<number> {
  let fitted: Column<T>[] | undefined;
  let count = 0;
  for await (const page of pages) {
    let text = "";
    if (fitted === undefined && page.length > 0) {
      fitted = fitColumns(columns, page);
      text = tableHead(fitted);
    }
    for (const row of page) text += tableRow(fitted ?? columns, row);
    count += page.length;
    if (text !== "") await write(text);
  }
  if (fitted === undefined) await write(tableHead(columns));
  return count;
}

/** Writes a JSON array. Nothing is written before the first page is there, so a failure to get it leaves no output. */
export async function writeJsonArray(pages: Pages<unknown>, write: Write): Promise<void> {
  let open = false;
  let first = true;
  for await (const page of pages) {
    let text = open ? "" : "[";
    open = true;
    for (const item of page) {
      text += `${first ? "" : ","}\n${indent(JSON.stringify(item, null, 2))}`;
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
