import { isScalar, type Node, type Scalar } from "yaml";
import { InputError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { shown } from "../printable.ts";
import { ambiguityOf } from "../yaml/scalars.ts";
import { isPlain, type JsonSchema, type Reader, type Shape, sourceOf } from "./reader.ts";

interface TextOptions<T> {
  readonly expected: string;
  readonly schema?: JsonSchema;
  /** @throws InputError for a text that is not `expected` */
  readonly parse: (text: string) => T;
}

/** A string. A plain word that some YAML reader parses differently must be in quotes. */
export function text<T>({ expected, schema = {}, parse }: TextOptions<T>): Shape<T> {
  return {
    expected,
    schema: { type: "string", ...schema },
    read(node, path, reader) {
      if (!isScalar(node) || node.value === null) return reader.wrong(node, path, expected);
      const source = sourceOf(node);
      if (isPlain(node)) {
        const taken = ambiguityOf(source) ?? (typeof node.value === "string" ? undefined : kindOfValue(node));
        if (taken !== undefined) {
          return reader.add(
            node,
            `${path}: expected ${expected}; ${source} without quotes is ${taken}`,
            `Put it in quotes: ${JSON.stringify(source)}`,
          );
        }
      }
      try {
        return parse(source);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        const why = error.why === undefined ? "" : `. ${error.why}`;
        return reader.add(node, `${path}: ${error.message}${why}`, error.fix);
      }
    },
  };
}

const kindOfValue = ({ value }: Scalar): string =>
  typeof value === "boolean" ? "a truth value" : "a number";

/** A string with a pattern, which the schema shares. */
export function matching(pattern: string, expected: string, maxLength: number): Shape<string> {
  const expression = new RegExp(pattern, "u");
  return text({
    expected,
    schema: { pattern, maxLength },
    parse(value) {
      if (value.length <= maxLength && expression.test(value)) return value;
      throw new InputError(`expected ${expected}, got ${shown(value)}`);
    },
  });
}

/** One of some words. */
export function oneOf<const T extends string>(words: readonly T[]): Shape<T> {
  const expected = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  return text({
    expected,
    schema: { enum: words },
    parse(value) {
      const word = words.find((known) => known === value);
      if (word !== undefined) return word;
      const near = nearest(value.slice(0, 64).toLowerCase(), words);
      throw new InputError(`expected ${expected}, got ${shown(value)}`, {
        ...(near === undefined ? {} : { fix: `Did you mean ${near}?` }),
      });
    },
  });
}

/** A whole number in decimal digits, without quotes. */
export function integer(minimum: number, maximum: number): Shape<number> {
  const expected = `a whole number from ${minimum} to ${maximum}`;
  return {
    expected,
    schema: { type: "integer", minimum, maximum },
    read(node, path, reader) {
      const source = isScalar(node) && isPlain(node) ? sourceOf(node) : "";
      const value = /^(0|[1-9]\d{0,14})$/.test(source) ? Number(source) : Number.NaN;
      return value >= minimum && value <= maximum ? value : numberProblem(node, path, expected, reader);
    },
  };
}

/** A decimal number without quotes, of at most six decimals, with its original text. */
export function decimal(expected: string, most: number): Shape<string> {
  return {
    expected,
    schema: { type: "number", exclusiveMinimum: 0, maximum: most },
    read(node, path, reader) {
      const source = isScalar(node) && isPlain(node) ? sourceOf(node) : "";
      const value = /^(0|[1-9]\d{0,14})(\.\d{1,6})?$/.test(source) ? Number(source) : Number.NaN;
      return value > 0 && value <= most ? source : numberProblem(node, path, expected, reader);
    },
  };
}

function numberProblem(node: Node | null, path: string, expected: string, reader: Reader): undefined {
  if (isScalar(node) && !isPlain(node) && /^[\d.]+$/.test(String(node.value))) {
    return reader.add(node, `${path}: expected ${expected}, got a text`, "Leave the quotes out.");
  }
  return reader.wrong(node, path, expected);
}
