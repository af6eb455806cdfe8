import { InputError } from "../errors.ts";
import { shown } from "../printable.ts";

/**
 * PARAM_SET is a row as one word: `alpha=1,label=plain`. The guide's command uses the variable without quotes, so the
 * shell splits it at blanks and expands `*`, `?` and `[`. Therefore every character except letters, digits and
 * `._:/@+-` is percent-encoded:
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_06
 */

/** A parameter and its value. */
export type Parameter = readonly [name: string, value: string];

/**
 * @param row names are shell names; see `columns.ts`
 * @throws InputError for a value without a UTF-8 form
 */
export function encodeParamSet(row: readonly Parameter[]): string {
  return row.map(([name, value]) => `${name}=${encoded(value)}`).join(",");
}

function encoded(value: string): string {
  if (!value.isWellFormed()) {
    throw new InputError(`the value ${shown(value)} has half of a surrogate pair`, {
      why: "It has no form in UTF-8.",
    });
  }
  return value.replace(/[^A-Za-z0-9._:/@+-]+/gu, (run) =>
    Array.from(Buffer.from(run), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}
