import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
} from "yaml";
import { InputError } from "../staging/errors.ts";
import { located } from "../staging/settings-error.ts";
import { boundsProblem, type Place } from "../staging/yaml/bounded.ts";

/** A YAML document that is safe to walk: its expanded size and its depth are bounded. */
interface YamlDocument {
  readonly document: Document.Parsed;
  readonly placeAt: (node: Node) => Place;
}

/** Nodes of a document with expanded aliases. A file of 1 MiB without aliases has fewer. */
const MAX_NODES = 1_000_000;
const MAX_ALIASES = 1_000;
/** Levels with expanded aliases. */
const MAX_LEVELS = 200;

/** For `toJS`: the document is already bounded, so any number of alias uses is safe. */
export const UNLIMITED = { maxAliasCount: -1 } as const;

/**
 * Parses YAML with aliases and merge keys, as the engine does, in bounded time and memory: a few lines of aliases can
 * expand to more data than any machine can hold.
 * @throws InputError that names the file and the line
 */
export function readYamlDocument(text: string, file: string): YamlDocument {
  const unbounded = boundsProblem(text);
  if (unbounded !== undefined) {
    const { message, place } = unbounded;
    throw tooMuch(located(file, place), `${message.charAt(0).toUpperCase()}${message.slice(1)}.`);
  }
  const lines = new LineCounter();
  // The library compares each pair of keys.
  const document = parseDocument(text, { lineCounter: lines, merge: true, uniqueKeys: false });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { message, pos } = problem;
    throw new InputError(`${located(file, at(pos[0]))}: not valid YAML`, { why: message.trim() });
  }
  const placeAt = (node: Node): Place => at(node.range?.[0] ?? 0);
  new Expansion((node) => located(file, placeAt(node))).of(document.contents);
  return { document, placeAt };
}

interface Extent {
  readonly nodes: number;
  readonly levels: number;
}

/** Measures a document with expanded aliases without writing it out, and checks for duplicate keys. */
class Expansion {
  readonly #at: (node: Node) => string;
  /** An alias refers to an earlier anchor; a later anchor of the same name replaces it. */
  readonly #anchors = new Map<string, Extent>();
  #aliases = 0;

  /** @param at the file and the position of a node */
  constructor(at: (node: Node) => string) {
    this.#at = at;
  }

  of(node: Node | null): Extent {
    if (node === null) return { nodes: 1, levels: 0 };
    if (isAlias(node)) return this.#ofAlias(node);
    let nodes = 1;
    let levels = 0;
    if (isMap(node)) this.#checkKeys(node);
    if (isCollection(node)) {
      for (const item of node.items) {
        for (const part of isPair(item) ? [item.key, item.value] : [item]) {
          const inner = this.of(part as Node | null);
          nodes += inner.nodes;
          levels = Math.max(levels, inner.levels + 1);
        }
        if (nodes > MAX_NODES)
          throw this.#refusal(node, `With its aliases in full it has more than ${MAX_NODES} values.`);
        if (levels > MAX_LEVELS) throw this.#refusal(node, `It is nested in more than ${MAX_LEVELS} levels.`);
      }
    }
    if (!isAlias(node) && node.anchor !== undefined) this.#anchors.set(node.anchor, { nodes, levels });
    return { nodes, levels };
  }

  #ofAlias(alias: Node & { readonly source: string }): Extent {
    this.#aliases += 1;
    if (this.#aliases > MAX_ALIASES) throw this.#refusal(alias, `It has more than ${MAX_ALIASES} aliases.`);
    const named = this.#anchors.get(alias.source);
    if (named === undefined) throw this.#refusal(alias, `*${alias.source} is a part of itself.`);
    return named;
  }

  #checkKeys(map: Node & { readonly items: readonly { readonly key: unknown }[] }): void {
    const seen = new Set<string>();
    for (const { key } of map.items) {
      if (!isScalar(key)) continue;
      const name = String(key.value);
      if (seen.has(name) && name !== "<<") {
        throw new InputError(`${this.#at(key)}: the key ${name} is given twice`);
      }
      seen.add(name);
    }
  }

  #refusal(node: Node, why: string): InputError {
    return tooMuch(this.#at(node), why);
  }
}

const tooMuch = (where: string, why: string): InputError =>
  new InputError(`${where}: too large or too deep to read`, {
    why,
    fix: "Shorten the file, or replace aliases with their values.",
  });

/** @throws InputError that names `file` and the line unless `text` is YAML that can be read in bounded time and memory */
export function parseYaml(text: string, file: string): unknown {
  return readYamlDocument(text, file).document.toJS(UNLIMITED) as unknown;
}
