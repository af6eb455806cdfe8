import { isMap, isScalar, isSeq, type Node, Scalar } from "yaml";
import { shown } from "../printable.ts";
import type { Place } from "../yaml/bounded.ts";
import type { Problem } from "./problems.ts";

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** Parses one value of a parameter file. For an invalid value, it reports a problem and returns undefined. */
export interface Shape<T> {
  /** The schema of every value that `read` accepts. */
  readonly schema: JsonSchema;
  /** In an error: `a whole number from 1 to 5`. */
  readonly expected: string;
  readonly read: (node: Node | null, path: string, reader: Reader) => T | undefined;
}

/** Collects the problems. */
export class Reader {
  readonly problems: Problem[] = [];
  readonly #placeOf: (node: Node) => Place;
  /** The start of the current value, for a missing value. */
  #around: Place | undefined;

  constructor(placeOf: (node: Node) => Place) {
    this.#placeOf = placeOf;
  }

  placeOf(node: Node | null): Place | undefined {
    return node === null ? this.#around : this.#placeOf(node);
  }

  /** Reads the value of a key. */
  under<T>(key: Node, read: () => T): T {
    const outer = this.#around;
    this.#around = this.#placeOf(key);
    const result = read();
    this.#around = outer;
    return result;
  }

  add(node: Node | null, message: string, fix?: string): undefined {
    this.problems.push({ place: this.placeOf(node), message, ...(fix === undefined ? {} : { fix }) });
    return undefined;
  }

  wrong(node: Node | null, path: string, expected: string): undefined {
    const got = node === null || isNothing(node) ? "nothing" : kindOf(node);
    return this.add(node, `${path}: expected ${expected}, got ${got}`);
  }
}

const isNothing = (node: Node): boolean => isScalar(node) && node.value === null;

function kindOf(node: Node): string {
  if (isSeq(node)) return "a list";
  if (isMap(node)) return "a mapping";
  return isScalar(node) ? shown(sourceOf(node)) : "something else";
}

/** The text of a scalar: a plain word unchanged, a quoted one without its quotes. */
export const sourceOf = (scalar: Scalar): string =>
  isPlain(scalar) ? (scalar.source ?? "") : String(scalar.value);

export const isPlain = (scalar: Scalar): boolean => scalar.type === undefined || scalar.type === Scalar.PLAIN;
