import { parseEnvironmentName } from "../staging/environment.ts";
import { InputError } from "../staging/errors.ts";
import { parseStagingId, type StagingId } from "../staging/ids.ts";
import { shellQuoted } from "../staging/shell.ts";
import { parseLaunchedSweepId, SWEEP_PREFIX, type SweepId } from "../staging/sweep/id.ts";

/** The content of a stack, from its name. */
type StackKind =
  | { readonly kind: "environment"; readonly environment: string }
  | { readonly kind: "entry"; readonly environment: string; readonly id: StagingId }
  | { readonly kind: "sweep"; readonly environment: string; readonly id: SweepId };

/** @throws InputError if `stack` is none of `dev`, `dev.stage-abc123def456` and `dev.sweep-abc123def456` */
export function parseStackName(stack: string): StackKind {
  const dot = stack.indexOf(".");
  if (dot < 0) return { kind: "environment", environment: parseEnvironmentName(stack) };
  const environment = parseEnvironmentName(stack.slice(0, dot));
  const member = stack.slice(dot + 1);
  if (member.startsWith("stage-")) return { kind: "entry", environment, id: parseStagingId(member) };
  if (member.startsWith(SWEEP_PREFIX))
    return { kind: "sweep", environment, id: parseLaunchedSweepId(member) };
  throw new InputError(`"${stack}" is not the name of a stack of spawn`, {
    why: "A stack is an environment, such as dev, an entry of one, such as dev.stage-abc123def456, or a sweep, such as dev.sweep-abc123def456.",
    fix: `pulumi stack select ${shellQuoted(environment)}`,
  });
}
