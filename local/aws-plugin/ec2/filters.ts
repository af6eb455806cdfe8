import type { Filter } from "@aws-sdk/client-ec2";
import { UserError } from "../../../staging/errors.ts";
import { list, object, string, strings, type ValueOf } from "../../../staging/schema/fields.ts";

const filters = list(
  object({
    name: string({ required: true }),
    values: list(string({}), { required: true, min: 1 }),
  }),
);

/** Common arguments of all EC2 functions. */
export const filterFields = { filters, tags: strings() };

/**
 * Filters for EC2: for single attributes, by tags, and the program's own.
 * @param attributes by the filter's name; undefined values are omitted
 * @returns undefined if there are none
 */
export function toFilters(
  attributes: Readonly<Record<string, string | undefined>>,
  args: { filters?: ValueOf<typeof filters>; tags?: Record<string, string> },
): Filter[] | undefined {
  const all = [
    ...Object.entries(attributes).flatMap(([Name, value]) => (value ? [{ Name, Values: [value] }] : [])),
    ...Object.entries(args.tags ?? {}).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
    ...(args.filters ?? []).map(({ name, values }) => ({ Name: name, Values: values })),
  ];
  return all.length > 0 ? all : undefined;
}

/** Exactly one match is valid; the official provider asks for more arguments after several matches. */
export function exactlyOne<T>(found: readonly T[], what: string): T {
  const [one, another] = found;
  if (one === undefined)
    throw new UserError(`no ${what} matches`, { why: "AWS has none for these arguments." });
  if (another !== undefined) {
    throw new UserError(`${found.length} ${what}s match`, {
      fix: "Give arguments that match only one.",
    });
  }
  return one;
}
