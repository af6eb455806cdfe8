import {
  CST,
  isAlias,
  isMap,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { formatBytes, MIB } from "../units.ts";

/** A position in a file; both numbers start at 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The problem of an unreadable text. */
interface YamlProblem {
  readonly place: Place;
  readonly message: string;
  readonly fix?: string;
}

/** YAML as plain data: no aliases, no tags, no duplicate keys, no second document. */
interface PlainYaml {
  /** Null for an empty text. */
  readonly root: Node | null;
  readonly placeOf: (node: Node) => Place;
}

export const MAX_YAML_BYTES = MIB;
/** Maximum nesting. The parser is recursive, so the limit must be checked before it runs. */
const MAX_YAML_DEPTH = 32;

/**
 * Parses a text as plain data, in bounded time and memory.
 * @returns the document, or all its problems
 */
export function readPlainYaml(text: string): PlainYaml | { readonly problems: readonly YamlProblem[] } {
  const unbounded = boundsProblem(text);
  if (unbounded !== undefined) return { problems: [unbounded] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const placeOf = (node: Node): Place => placeAt(node.range?.[0] ?? 0);
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) return { problems: errors.map((error) => problemOf(error, placeAt(error.pos[0]))) };
  if (document.directives?.yaml.explicit === true) {
    return refused({ line: 1, column: 1 }, "a %YAML directive is not supported");
  }
  const problems: YamlProblem[] = [];
  visit(document, (_key, node) => {
    if (!isNode(node)) return;
    if (isAlias(node)) {
      problems.push({
        place: placeOf(node),
        message: `the alias *${node.source} is not supported`,
        fix: "Write the value out.",
      });
    } else if (node.tag !== undefined && hasOwnTag(node, text)) {
      problems.push({ place: placeOf(node), message: "a tag is not supported", fix: "Leave the tag out." });
    }
    if (isMap(node)) problems.push(...keyProblems(node, placeOf));
  });
  problems.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  return problems.length > 0 ? { problems } : { root: document.contents, placeOf };
}

/** The reason why a text is too large or too deep for the parser; undefined if it is not. */
export function boundsProblem(text: string): YamlProblem | undefined {
  if (Buffer.byteLength(text) <= MAX_YAML_BYTES) return depthProblem(text);
  return { place: { line: 1, column: 1 }, message: `the file is larger than ${formatBytes(MAX_YAML_BYTES)}` };
}

const refused = (place: Place, message: string) => ({ problems: [{ place, message }] });

/** The library's own check compares each pair of keys. */
function keyProblems(map: YAMLMap, placeOf: (node: Node) => Place): YamlProblem[] {
  const seen = new Set<string>();
  return map.items.flatMap(({ key }): YamlProblem[] => {
    if (isAlias(key)) return [];
    if (!isScalar(key)) return [{ place: placeOf(map), message: "a list or mapping cannot be a key" }];
    const name = String(key.value);
    if (seen.has(name)) return [{ place: placeOf(key), message: `the key ${name} is given twice` }];
    seen.add(name);
    return [];
  });
}

/** The schema gives collections a tag; only an explicit one precedes the node. */
function hasOwnTag(node: Node, text: string): boolean {
  const start = node.range?.[0] ?? 0;
  return /(^|[\s[{,])!\S*\s*$/.test(text.slice(Math.max(0, start - 200), start));
}

function problemOf(error: YAMLError, place: Place): YamlProblem {
  switch (error.code) {
    case "MULTIPLE_DOCS":
      return { place, message: "a second document begins here", fix: "Keep one document in the file." };
    case "TAB_AS_INDENT":
      return { place, message: "a tab is used as indentation", fix: "Indent with spaces." };
    default:
      if (error.message.includes("call stack")) return deep(place);
      return { place, message: `not YAML: ${firstLine(error.message)}` };
  }
}

const firstLine = (text: string): string => (text.split("\n", 1)[0] ?? "").replace(/:$/, "");

const deep = (place: Place): YamlProblem => ({
  place,
  message: `lists and mappings are nested in more than ${MAX_YAML_DEPTH} levels`,
});

const OPENS: ReadonlySet<string | null> = new Set(["flow-seq-start", "flow-map-start"]);
const CLOSES: ReadonlySet<string | null> = new Set(["flow-seq-end", "flow-map-end"]);
const BLOCK: ReadonlySet<string | null> = new Set(["seq-item-ind", "explicit-key-ind", "map-value-ind"]);

/** Counts open brackets, and the block collections that begin on each line. */
function depthProblem(text: string): YamlProblem | undefined {
  let open = 0;
  let begun = 0;
  let line = 1;
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (type === "newline") begun = 0;
    for (const character of token) if (character === "\n") line++;
    if (OPENS.has(type)) open++;
    else if (CLOSES.has(type)) open--;
    else if (BLOCK.has(type) && open === 0) begun++;
    if (open > MAX_YAML_DEPTH || begun > MAX_YAML_DEPTH) return deep({ line, column: 1 });
  }
  return undefined;
}
