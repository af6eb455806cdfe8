/** The meaning of a plain word for a YAML reader, as in an error. */
type Taken = "a number" | "a date" | "a truth value" | "an operator";

/**
 * Words that some reader does not parse as strings: of YAML 1.1 (PyYAML, Ruby; https://yaml.org/type/), of YAML 1.2
 * (this program), or Go's (the engine), which supports some of each.
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

/** Integers of up to 15 digits, `true` and `false`: every reader parses them equally. */
const UNAMBIGUOUS = /^(0|-?[1-9]\d{0,14}|true|True|TRUE|false|False|FALSE)$/;

/** The meaning of the plain word `source` for some readers and not for others; undefined if all agree. */
export function ambiguityOf(source: string): Taken | undefined {
  if (UNAMBIGUOUS.test(source)) return undefined;
  return AMBIGUOUS.find(([pattern]) => pattern.test(source))?.[1];
}
