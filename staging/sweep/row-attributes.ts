import { type AttributeValue, S } from "../attribute-value.ts";
import { encodeParamSet, type Parameter } from "./param-set.ts";
import { rowJson } from "./rows.ts";

/** One variable a line, `NAME BASE64`, for a worker that has no parser of JSON. */
export const VARIABLES_ATTRIBUTE = "variables";
/** The row as the variable PARAM_SET has it; see `param-set.ts`. */
export const PARAM_SET_ATTRIBUTE = "param_set";

/**
 * What the item of an index has of its row, in the three forms that its command gets. The worker is a shell script: each form is ready to
 * use, and values reach it as data only. The largest row takes 331 KiB in them, of the 400 KB of an item; see `MAX_ROW_BYTES`.
 * @param row empty where the sweep has no parameters
 */
export function rowAttributes(row: readonly Parameter[]): Record<string, AttributeValue> {
  if (row.length === 0) return {};
  return {
    params: S(rowJson(row)),
    [PARAM_SET_ATTRIBUTE]: S(encodeParamSet(row)),
    [VARIABLES_ATTRIBUTE]: S(row.map(variableLine).join("")),
  };
}

/** An empty value leaves `NAME ` and nothing after the blank. */
const variableLine = ([name, value]: Parameter): string =>
  `${name} ${Buffer.from(value).toString("base64")}\n`;
