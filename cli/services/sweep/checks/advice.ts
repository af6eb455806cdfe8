import { isDenied } from "../../../../connection/errors/kinds.ts";
import { InputError, messageOf } from "../../../../staging/errors.ts";

/** What is looked at before a sweep starts, and never stops it. */
export interface Advice {
  /** What may go wrong or cost more than expected. */
  readonly warnings: readonly string[];
  /** What could not be looked at. */
  readonly notes: readonly string[];
}

export const joinAdvice = (all: readonly Advice[]): Advice => ({
  warnings: [...new Set(all.flatMap(({ warnings }) => warnings))],
  notes: [...new Set(all.flatMap(({ notes }) => notes))],
});

/**
 * Looks at something that a sweep does not need. A look that fails becomes a note: the credentials need no rights for it.
 * @param what it is, as the subject of a sentence: `The vCPU quotas`
 * @param rights the actions that it takes
 * @throws InputError where the look shows that the sweep cannot run
 */
export async function advise(
  what: string,
  rights: string,
  look: () => Promise<readonly string[]>,
): Promise<Advice> {
  try {
    return { warnings: await look(), notes: [] };
  } catch (error) {
    if (error instanceof InputError) throw error;
    const why = isDenied(error) ? `the credentials have no right to ${rights}` : messageOf(error);
    return { warnings: [], notes: [`${what} could not be checked: ${why}.`] };
  }
}
