import { Document, isPair, isScalar, Scalar, type ScalarTag, stringify, visit } from "yaml";

/**
 * Writes JSON data as YAML that every reader parses equally. YAML 1.1 (PyYAML, Ruby) and 1.2 (Go, this program)
 * disagree about which plain words are numbers, dates, booleans and null, so every string is quoted.
 */
export function toYaml(value: unknown): string {
  const document = new Document(value, {
    aliasDuplicateObjects: false,
    customTags: (tags) => [SMALL_NUMBER, ...tags],
  });
  visit(document, {
    Scalar(key, node) {
      if (typeof node.value !== "string") return;
      node.type = key === "key" && PLAIN_KEY.test(node.value) ? Scalar.PLAIN : Scalar.QUOTE_DOUBLE;
    },
    Pair(_key, pair) {
      // As JSON does.
      return isPair(pair) && isScalar(pair.value) && pair.value.value === undefined
        ? visit.REMOVE
        : undefined;
    },
  });
  return stringify(document, { lineWidth: 0 }).replace(UNPRINTABLE, escaped);
}

/**
 * A word, such as `ttl_days` or `spawn:entry`, that every reader parses as a string. Single letters are booleans in
 * YAML 1.1.
 */
const PLAIN_KEY = /^(?!(?:yes|no|on|off|true|false|null)$)[A-Za-z_][A-Za-z0-9_-]+(?::[A-Za-z]+)?$/i;

/** YAML 1.1 requires a decimal point before an exponent. */
const SMALL_NUMBER: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  identify: (value) => typeof value === "number" && /^[^.]*e/.test(String(value)),
  test: /^$a/, // it is for writing only
  resolve: (text) => Number(text),
  stringify: ({ value }) => String(value).replace("e", ".0e"),
};

/**
 * Characters that readers refuse or fold even in quotes (https://yaml.org/spec/1.1/#c-printable), and those that
 * reorder text on a terminal.
 */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufff9-\ufffb\ufffe\uffff\p{Bidi_Control}\p{Cs}]/gu;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
