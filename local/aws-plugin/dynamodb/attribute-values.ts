import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { isRecord } from "../../../staging/type-guards.ts";

/** Items in DynamoDB's JSON form: `{"id": {"S": "x"}, "size": {"N": "3"}}`; binary is base64. */
type ItemJson = { [attribute: string]: ValueJson };
type ValueJson = { [type: string]: unknown };
export type Attributes = Record<string, AttributeValue>;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Parses the text of an item.
 * @throws TypeError that names the attribute which is not in DynamoDB's form
 */
export function parseItem(text: string): Attributes {
  let item: unknown;
  try {
    item = JSON.parse(text);
  } catch (error) {
    throw new TypeError(`it is not valid JSON: ${(error as Error).message}`);
  }
  if (!isRecord(item))
    throw new TypeError('it is not a JSON object of attributes, such as {"id": {"S": "x"}}');
  return parseMap(item, "");
}

function parseMap(map: Record<string, unknown>, at: string): Attributes {
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [name, parseValue(value, join(at, name))]),
  );
}

function parseValue(value: unknown, at: string): AttributeValue {
  const wrong = (what: string): never => {
    throw new TypeError(`its attribute ${at} ${what}`);
  };
  if (!isRecord(value)) return wrong('is not an object of a type and a value, such as {"S": "x"}');
  const [[type, content] = ["", undefined], ...others] = Object.entries(value);
  if (type === "" || others.length > 0) return wrong("must have one type");
  const strings = (problem: string, ok: (text: string) => boolean): string[] =>
    Array.isArray(content) && content.length > 0 && content.every((one) => typeof one === "string" && ok(one))
      ? (content as string[])
      : wrong(problem);
  const isNumber = (text: string) => NUMBER.test(text);
  const isBase64 = (text: string) => BASE64.test(text);
  switch (type) {
    case "S":
      return typeof content === "string" ? { S: content } : wrong("is of type S, but no string");
    case "N":
      return typeof content === "string" && isNumber(content)
        ? { N: content }
        : wrong("is of type N, but no number in a string");
    case "B":
      return typeof content === "string" && isBase64(content)
        ? { B: Buffer.from(content, "base64") }
        : wrong("is of type B, but no base64");
    case "BOOL":
      return typeof content === "boolean"
        ? { BOOL: content }
        : wrong("is of type BOOL, but not true or false");
    case "NULL":
      return content === true ? { NULL: true } : wrong("is of type NULL, but not true");
    case "SS":
      return { SS: strings("is of type SS, but no list of strings", () => true) };
    case "NS":
      return { NS: strings("is of type NS, but no list of numbers in strings", isNumber) };
    case "BS":
      return {
        BS: strings("is of type BS, but no list of base64", isBase64).map((one) =>
          Buffer.from(one, "base64"),
        ),
      };
    case "L":
      return Array.isArray(content)
        ? { L: content.map((one, index) => parseValue(one, `${at}[${index}]`)) }
        : wrong("is of type L, but no list");
    case "M":
      return isRecord(content) ? { M: parseMap(content, at) } : wrong("is of type M, but no object");
    default:
      return wrong(`has the type ${type}, which DynamoDB does not have`);
  }
}

/** The canonical text of an item: keys and sets sorted. */
export function formatItem(attributes: Attributes): string {
  return JSON.stringify(formatMap(attributes));
}

function formatMap(attributes: Attributes): ItemJson {
  const entries = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, value]) => [name, formatValue(value)]));
}

function formatValue(value: AttributeValue): ValueJson {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  if (value.B !== undefined) return { B: base64(value.B) };
  if (value.BS !== undefined) return { BS: value.BS.map(base64).sort() };
  if (value.SS !== undefined) return { SS: [...value.SS].sort() };
  if (value.NS !== undefined) return { NS: [...value.NS].sort() };
  if (value.L !== undefined) return { L: value.L.map(formatValue) };
  if (value.M !== undefined) return { M: formatMap(value.M) };
  return { ...value } as ValueJson;
}

/** Whether two texts are the same item, whatever the order of attributes and of a set's members. */
export function sameItem(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return formatItem(parseItem(a)) === formatItem(parseItem(b));
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** The problem of an item's text, if any. */
export function itemProblem(text: string): string | undefined {
  try {
    parseItem(text);
    return undefined;
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

const join = (at: string, name: string) => (at === "" ? name : `${at}.${name}`);
