import { UserError } from "../../../staging/errors.ts";
import { isStagingId, type StagingId } from "../../../staging/ids.ts";
import { shellQuoted, shellString } from "../../../staging/shell.ts";
import { commandLine, engineShell } from "../../command-line.ts";
import { fullStackName } from "../../engine/backend.ts";
import type { StateResource } from "../../engine/state.ts";

/** A deletion that a guard may refuse. */
interface Deletion {
  /** The name of what would be deleted, for the error. */
  readonly what: string;
  /** The command that the user ran. */
  readonly again: string;
  readonly environment: string;
}

/**
 * Refuses to delete protected resources: the engine would delete all others first, and then fail.
 * @throws UserError that names the resources and the command that removes the protection
 */
export function refuseProtected(
  stack: string,
  resources: readonly StateResource[],
  { what, again, environment }: Deletion,
): void {
  const protectedOnes = resources.filter(({ protect }) => protect === true);
  const retained = resources.filter(({ retainOnDelete }) => retainOnDelete === true);
  const kept = [...protectedOnes, ...retained];
  if (kept.length === 0) return;
  const name = shellQuoted(fullStackName(stack));
  const [only, ...others] = protectedOnes;
  const unprotect =
    only === undefined
      ? []
      : [
          `pulumi state unprotect ${others.length === 0 ? shellString(only.urn) : "--all"} --yes --stack ${name}`,
        ];
  const release =
    retained.length === 0
      ? []
      : [
          `pulumi stack export --stack ${name} | sed 's/"retainOnDelete": true/"retainOnDelete": false/' | pulumi stack import --stack ${name}`,
        ];
  throw new UserError(`${what} is protected and was not deleted: ${kept.map(nameOf).join(", ")}`, {
    why: `${why(protectedOnes.length > 0, retained.length > 0)} Nothing was deleted.`,
    fix: `${engineShell(environment)}; ${[...unprotect, ...release, again].join(" && ")}`,
  });
}

function why(isProtected: boolean, isRetained: boolean): string {
  if (!isRetained) return "It was protected by hand (pulumi state protect, or the option protect).";
  if (!isProtected) return "Its option retainOnDelete says to keep it.";
  return "It was protected by hand (protect, retainOnDelete).";
}

/** `staging:index:StagedData stage-…-data`, from a URN. */
function nameOf({ urn, type }: StateResource): string {
  return `${type} ${urn.split("::").at(-1) ?? ""}`;
}

/** The entries with resources in a state. */
export function idsIn(resources: readonly StateResource[]): StagingId[] {
  const ids = resources.flatMap(({ inputs }) => {
    const id = inputs?.["stagingId"];
    return typeof id === "string" && isStagingId(id) ? [id] : [];
  });
  return [...new Set(ids)];
}

/** The error for a renamed stack: it has the name of one entry and holds another. */
export function renamedError(stack: string, id: StagingId, holds: StagingId, environment: string): UserError {
  return new UserError(`the stack ${stack} does not hold ${id} but ${holds}`, {
    why: "It was renamed by pulumi stack rename. To destroy it would delete the other entry. Nothing was deleted.",
    fix: `${commandLine(`spawn stage delete ${holds} --yes`, environment)} && ${commandLine(`spawn stage delete ${id} --yes`, environment)}`,
  });
}
