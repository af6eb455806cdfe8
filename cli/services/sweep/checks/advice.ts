import { isDenied } from "../../../../connection/errors/kinds.ts";
import { InputError, messageOf } from "../../../../staging/errors.ts";

/** The result of checks that never stop a launch. */
export interface Advice {
  /** Risks and unexpected costs. */
  readonly warnings: readonly string[];
  /** Checks that were not possible. */
  readonly notes: readonly string[];
}

export const joinAdvice = (all: readonly Advice[]): Advice => ({
  warnings: [...new Set(all.flatMap(({ warnings }) => warnings))],
  notes: [...new Set(all.flatMap(({ notes }) => notes))],
});

/**
 * Runs an optional check. A failed check becomes a note, because a launch must not depend on its permissions.
 * @param what the subject of a sentence: `The vCPU quotas`
 * @param permissions the actions of the check
 * @param check returns warnings
 * @throws InputError if the check finds that the sweep cannot run
 */
export async function advise(
  what: string,
  permissions: string,
  check: () => Promise<readonly string[]>,
): Promise<Advice> {
  try {
    return { warnings: await check(), notes: [] };
  } catch (error) {
    if (error instanceof InputError) throw error;
    const why = isDenied(error) ? `the credentials lack the permission ${permissions}` : messageOf(error);
    return { warnings: [], notes: [`${what} could not be checked: ${why}.`] };
  }
}
