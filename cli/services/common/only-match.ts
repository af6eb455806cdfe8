import { InputError } from "../../../staging/errors.ts";

/** Matches that an error lists. */
const SHOWN = 10;

/**
 * The only ID that begins with the digits that the user gave.
 * @param matches the matching IDs, each with a name for the error
 * @param several the message for more than one match
 * @throws `none` without a match. @throws InputError for more than one, with a list of them
 */
export function onlyMatch<Id extends string>(
  matches: ReadonlyMap<Id, string>,
  none: InputError,
  several: (count: number) => string,
): Id {
  const [only, ...others] = matches.keys();
  if (only === undefined) throw none;
  if (others.length === 0) return only;
  const shown = [...matches]
    .sort(([a], [b]) => a.localeCompare(b))
    .slice(0, SHOWN)
    .map(([id, name]) => `${id} (${name})`);
  const more = matches.size > SHOWN ? [`and ${matches.size - SHOWN} more`] : [];
  throw new InputError(several(matches.size), {
    why: `${[...shown, ...more].join(", ")}.`,
    fix: "Type more digits of the ID.",
  });
}
