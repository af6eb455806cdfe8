import { join } from "node:path";
import { ensureVenv } from "../../support/venv.ts";
import { answerOf } from "./program.ts";

/** A finding of parliament in a policy. */
export interface Finding {
  /** The name of the policy. */
  readonly policy: string;
  readonly issue: string;
  /** The actions, or a text. */
  readonly about: string;
}

interface Reported {
  readonly policy: string;
  readonly issue: string;
  readonly detail: string | readonly (string | { readonly action: string })[];
}

/** Lints policies by their names. It installs parliament before its first use (about a minute). */
export async function lint(policies: Readonly<Record<string, string>>): Promise<Finding[]> {
  const python = join(await ensureVenv("parliament"), "python");
  // parliament imports pkg_resources, of which Python warns.
  const program = ["-W", "ignore", join(import.meta.dirname, "lint.py")];
  const found = (await answerOf(python, program, JSON.stringify(policies))) as Reported[];
  return found.map(({ policy, issue, detail }) => ({
    ...{ policy, issue },
    about: typeof detail === "string" ? detail : shortened([...new Set(detail.map(actionOf))]),
  }));
}

/** A wildcard stands for many. */
const shortened = (actions: readonly string[]): string =>
  actions.length <= 8 ? actions.join(", ") : `${actions[0]} to ${actions.at(-1)} (${actions.length})`;

const actionOf = (detail: string | { readonly action: string }): string =>
  typeof detail === "string" ? detail : detail.action;
