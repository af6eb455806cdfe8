/** What a reader of YAML may take a plain word for, in the words of an error. */
type Taken = "a number" | "a date" | "a truth value" | "an operator";

/**
 * Words that are no strings for some reader: of YAML 1.1 (PyYAML, Ruby; https://yaml.org/type/), of YAML 1.2 (this program), or for
 * Go's (the engine), which takes some of each.
 */
const AMBIGUOUS: readonly (readonly [RegExp, Taken])[] = [
  [/^(y|n|yes|no|on|off)$/i, "a truth value"],
  [/^[-+]?0[bB][01_]+$/, "a number"],
  [/^[-+]?0[oO]?[0-7_]+$/, "a number"],
  [/^[-+]?0[xX][\da-fA-F_]+$/, "a number"],
  [/^[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][-+]?\d+)?$/, "a number"],
  [/^[-+]?\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?$/, "a number"],
  [/^([-+]?\.inf|\.nan)$/i, "a number"],
  [/^\d{4}-\d{1,2}-\d{1,2}([Tt\s].*)?$/, "a date"],
  [/^(=|<<)$/, "an operator"],
];

/** Integers of up to 15 digits, `true` and `false`: every reader takes them for the same. */
const UNAMBIGUOUS = /^(0|-?[1-9]\d{0,14}|true|True|TRUE|false|False|FALSE)$/;

/** What `source`, a plain word of a YAML file, is for some reader and not for others; undefined where all agree. */
export function ambiguityOf(source: string): Taken | undefined {
  if (UNAMBIGUOUS.test(source)) return undefined;
  return AMBIGUOUS.find(([pattern]) => pattern.test(source))?.[1];
}
