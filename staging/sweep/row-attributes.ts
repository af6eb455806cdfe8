import { type AttributeValue, S } from "../attribute-value.ts";
import { encodeParamSet, type Parameter } from "./param-set.ts";
import { rowJson } from "./rows.ts";

/** One variable per line, `NAME BASE64`, for a worker without a JSON parser. */
const VARIABLES_ATTRIBUTE = "variables";
/** The row in the form of PARAM_SET; see `param-set.ts`. */
const PARAM_SET_ATTRIBUTE = "param_set";

/**
 * The row in the item of an index, in the three forms that its command gets. The worker is a shell script: each form
 * is ready to use, and values reach it as data only. The largest row takes 331 KiB of the item's 400 KB; see
 * `MAX_ROW_BYTES`.
 * @param row empty if the sweep has no parameters
 */
export function rowAttributes(row: readonly Parameter[]): Record<string, AttributeValue> {
  if (row.length === 0) return {};
  return {
    params: S(rowJson(row)),
    [PARAM_SET_ATTRIBUTE]: S(encodeParamSet(row)),
    [VARIABLES_ATTRIBUTE]: S(row.map(variableLine).join("")),
  };
}

/** An empty value leaves only `NAME ` with its blank. */
const variableLine = ([name, value]: Parameter): string =>
  `${name} ${Buffer.from(value).toString("base64")}\n`;
