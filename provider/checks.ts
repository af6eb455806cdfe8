import { messageOf } from "../staging/errors.ts";
import type { CheckFailure, Properties } from "./plugin/types.ts";
import { containsUnknowns } from "./plugin/values.ts";

/** For each input its parser, which throws when the value is not valid. */
export type Parsers<I> = { readonly [Name in keyof I & string]?: (value: string) => unknown };

/** Checks inputs by the domain's own parsers. What is not known yet is not checked yet. */
export function checkInputs<I>(
  news: Properties,
  parsers: Parsers<I>,
): { inputs: Properties; failures: CheckFailure[] } {
  const failures: CheckFailure[] = [];
  for (const [property, parse] of Object.entries<((value: string) => unknown) | undefined>(parsers)) {
    const value = news[property];
    if (containsUnknowns(value)) continue;
    try {
      parse?.(value === undefined || value === null ? "" : String(value));
    } catch (error) {
      failures.push({ property, reason: messageOf(error) });
    }
  }
  return { inputs: news, failures };
}

/** The names of inputs whose value is not the same any more; lists are compared item by item. */
export function changedOf<I extends object>(
  olds: I,
  news: I,
  names: readonly (keyof I & string)[],
): (keyof I & string)[] {
  return names.filter((name) => JSON.stringify(olds[name]) !== JSON.stringify(news[name]));
}
