import { shown } from "../printable.ts";
import type { Problem } from "./problems.ts";
import { columnsProblems, MAX_INDICES, type ParsedRows, type RawRow } from "./row-checks.ts";

/**
 * One JSON object of strings, numbers and booleans per line, as in https://jsonlines.org. All rows have the same
 * keys; the first row gives the order of the columns. A number keeps its text: 1.10 stays `1.10`.
 */
export function parseJsonLines(text: string): ParsedRows {
  const rows: RawRow[] = [];
  const problems: Problem[] = [];
  let columns: readonly string[] | undefined;
  for (const [place, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const number = place + 1;
    const parsed = flatObject(line);
    if ("problem" in parsed) {
      problems.push({ place: { line: number, column: parsed.column }, message: parsed.problem });
    } else if (columns === undefined) {
      columns = [...parsed.members.keys()];
      const found = columnsProblems(columns);
      if (columns.length === 0) found.push("the first row has no columns");
      problems.push(...found.map((message) => ({ place: { line: number, column: 1 }, message })));
      rows.push({ line: number, values: [...parsed.members.values()] });
    } else {
      const differs = difference(columns, parsed.members);
      if (differs !== undefined) problems.push({ place: { line: number, column: 1 }, message: differs });
      rows.push({ line: number, values: columns.map((name) => parsed.members.get(name) ?? "") });
    }
    if (rows.length > MAX_INDICES) break;
  }
  return { columns: columns ?? [], rows, problems };
}

function difference(columns: readonly string[], members: ReadonlyMap<string, string>): string | undefined {
  const missing = columns.find((name) => !members.has(name));
  if (missing !== undefined) return `the row has no ${shown(missing)}, which the first row has`;
  if (members.size === columns.length) return undefined;
  const extra = [...members.keys()].find((name) => !columns.includes(name)) ?? "";
  return `the row has ${shown(extra)}, which the first row has not`;
}

type Flat =
  | { readonly members: ReadonlyMap<string, string> }
  | { readonly problem: string; readonly column: number };

const SPACE = /[ \t\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON allows none within a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const PLAIN = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false)(?![\w.+-])/y;

/** JSON.parse would lose the text of numbers and all but the last of duplicate members. */
function flatObject(line: string): Flat {
  const members = new Map<string, string>();
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(line)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const skip = (character: string): boolean => {
    take(SPACE);
    if (line[at] !== character) return false;
    at++;
    take(SPACE);
    return true;
  };
  const problem = (text: string) => ({ problem: text, column: at + 1 });
  if (!skip("{")) return problem("expected a JSON object");
  if (skip("}")) return atEnd();
  do {
    const start = at;
    const quoted = take(STRING);
    if (quoted === undefined) return problem("expected the name of a column in double quotes");
    const name = unquoted(quoted);
    if (members.has(name)) {
      at = start;
      return problem(`${shown(name)} is given twice`);
    }
    if (!skip(":")) return problem(`expected a colon after ${shown(name)}`);
    const text = take(STRING);
    const value = text === undefined ? take(PLAIN) : unquoted(text);
    if (value === undefined) return problem(valueExpected(name, line.slice(at)));
    members.set(name, value);
  } while (skip(","));
  return skip("}") ? atEnd() : problem("expected a comma or the end of the object");

  function atEnd(): Flat {
    return at === line.length ? { members } : problem("expected the end of the line after the object");
  }
}

const unquoted = (text: string): string => JSON.parse(text) as string;

function valueExpected(name: string, rest: string): string {
  const got = rest.startsWith("{")
    ? ", got an object"
    : rest.startsWith("[")
      ? ", got a list"
      : rest.startsWith("null")
        ? ", got null"
        : "";
  return `the value of ${shown(name)} must be a string, a number, true or false${got}`;
}
