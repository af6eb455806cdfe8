import { isNoSuchBucket } from "../../connection/errors/kinds.ts";
import { UserError } from "../../staging/errors.ts";
import { becomesTrue, type Settling, withRetry } from "../store/retry.ts";
import { type Configuration, type ConfigurationKind, meaningOf, type Target } from "./configuration.ts";
import { isPropagating } from "./spreading.ts";

/** How often to rewrite a configuration that another process changes at the same time. */
const ROUNDS = 3;

const EMPTY: Configuration = { rules: [], rest: {} };

/**
 * Changes a configuration that other processes may also change: reads it, writes it as a whole and reads it back. If S3 does not
 * return the written rules, it starts over. S3 has no conditional write for configurations, so a change that another process makes
 * between the read and the write is lost.
 * @param change receives the current configuration and returns the wanted one; without rules, the configuration is removed
 * @throws UserError if S3 does not return the written rules
 */
export async function rewrite(
  kind: ConfigurationKind,
  target: Target,
  spreading: Settling,
  change: (current: Configuration) => Configuration,
): Promise<void> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const current = (await kind.get(target)) ?? EMPTY;
    const wanted = change(current);
    if (meaningOf(current.rules) === meaningOf(wanted.rules) && !differsBesidesRules(current, wanted)) return;
    await write(kind, target, spreading, wanted);
    if (await isInForce(kind, target, spreading, wanted)) return;
  }
  throw new UserError(`the ${kind.title} of the bucket ${target.bucket} did not stay as they were written`, {
    why: "Another program changes them at the same time, or S3 does not show them yet.",
    fix: "The same command again, in some minutes.",
  });
}

/** Whether the role or the exact text differs. Equal rules do not exclude that. */
function differsBesidesRules(current: Configuration, wanted: Configuration): boolean {
  return (
    current.rest["Role"] !== wanted.rest["Role"] ||
    (wanted.rest["exactText"] !== undefined && wanted.rest["exactText"] !== current.rest["text"])
  );
}

async function write(
  kind: ConfigurationKind,
  target: Target,
  spreading: Settling,
  wanted: Configuration,
): Promise<void> {
  const removes = wanted.rules.length === 0;
  await withRetry(() => (removes ? kind.remove(target) : kind.put(target, wanted)), {
    signal: target.signal,
    ...spreading,
    // The bucket was just read. If it no longer exists, there is nothing to remove.
    retryable: (error) => isPropagating(error) && !(removes && isNoSuchBucket(error)),
  });
}

/** Whether S3 returns the written rules before the retries end. */
function isInForce(
  kind: ConfigurationKind,
  target: Target,
  spreading: Settling,
  wanted: Configuration,
): Promise<boolean> {
  const check = async (): Promise<boolean> => {
    const { rules } = (await kind.get(target)) ?? EMPTY;
    return idsAndStates(kind, rules) === idsAndStates(kind, wanted.rules);
  };
  return becomesTrue(check, { signal: target.signal, ...spreading, retryable: isNoSuchBucket });
}

/** S3 may add defaults to a rule, so only IDs and states are compared. */
function idsAndStates(kind: ConfigurationKind, rules: Configuration["rules"]): string {
  return rules
    .map((rule) => `${kind.idOf(rule) ?? ""} ${String(rule["Status"])}`)
    .sort()
    .join("\n");
}
