import { parseEnvironmentName } from "../staging/environment.ts";
import { InputError } from "../staging/errors.ts";
import { parseStagingId, type StagingId } from "../staging/ids.ts";
import { shellQuoted } from "../staging/shell.ts";

/** What a stack of this project holds, as its name tells. */
export type StackKind =
  | { readonly kind: "environment"; readonly environment: string }
  | { readonly kind: "entry"; readonly environment: string; readonly id: StagingId };

/** @throws InputError when `stack` is none of `dev` and `dev.stage-abc123def456` */
export function parseStackName(stack: string): StackKind {
  const dot = stack.indexOf(".");
  if (dot < 0) return { kind: "environment", environment: parseEnvironmentName(stack) };
  const environment = parseEnvironmentName(stack.slice(0, dot));
  const member = stack.slice(dot + 1);
  if (member.startsWith("stage-")) return { kind: "entry", environment, id: parseStagingId(member) };
  if (member.startsWith("sweep-")) {
    throw new InputError(`the stack ${stack} is a sweep's, and this version of spawn has no sweeps`, {
      why: "It was made by another version.",
      fix: `Use that version, or remove the stack: pulumi destroy --remove -s ${shellQuoted(stack)}`,
    });
  }
  throw new InputError(`"${stack}" is not the name of a stack of spawn`, {
    why: "A stack is an environment, such as dev, or an entry of one, such as dev.stage-abc123def456.",
    fix: `pulumi stack select ${shellQuoted(environment)}`,
  });
}
