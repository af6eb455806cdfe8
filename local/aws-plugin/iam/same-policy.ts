import { isRecord } from "../../../staging/type-guards.ts";

/**
 * Whether two policy documents are equivalent: the order of keys, statements and lists, a single value or a list of
 * one, and an account's number or the ARN of its root do not matter. AWS stores policies in its own form.
 */
export function samePolicy(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return JSON.stringify(normal(JSON.parse(a))) === JSON.stringify(normal(JSON.parse(b)));
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The problem of a policy's text, if any. */
export function policyProblem(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `contains an invalid JSON policy: ${(error as Error).message}`;
  }
  return isRecord(value) ? undefined : "contains an invalid JSON policy: it is not an object";
}

function normal(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => JSON.stringify(normal(item))).sort();
    const unique = [...new Set(items)].map((item) => JSON.parse(item) as unknown);
    return unique.length === 1 ? unique[0] : unique;
  }
  if (isRecord(value)) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(
      entries.map(([key, item]) => [key, key === "AWS" ? accountsByNumber(item) : normal(item)]),
    );
  }
  return value === null ? null : String(value); // "true" and true, "3600" and 3600 are the same in a condition
}

function accountsByNumber(principals: unknown): unknown {
  const list: unknown[] = Array.isArray(principals) ? principals : [principals];
  return normal(list.map((one) => (typeof one === "string" ? one.replace(ROOT_ARN, "$1") : one)));
}

const ROOT_ARN = /^arn:aws[a-z-]*:iam::(\d{12}):root$/;
