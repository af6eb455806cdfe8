import { isNoSuchBucket } from "../../connection/errors/kinds.ts";
import { UserError } from "../../staging/errors.ts";
import { type Settling, withRetry } from "../store/retry.ts";
import { type Configuration, type ConfigurationKind, meaningOf, type Target } from "./configuration.ts";
import { isSpreading } from "./spreading.ts";

/** How often a configuration is read and written anew where somebody else writes it, too. */
const ROUNDS = 3;

/** What was written does not show (yet). */
class NotInForce extends Error {
  override readonly name = "NotInForce";
}

const NOTHING: Configuration = { rules: [], rest: {} };

/**
 * Changes a configuration that others may change, too: reads it, writes it whole and reads it back. S3 knows no
 * conditional write of it, so what does not come back is read and changed anew; a change that somebody else makes
 * between one reading and its writing is lost.
 * @param change gets what is there and gives what is to be; without rules the configuration is removed
 * @throws UserError when it does not come back
 */
export async function rewrite(
  kind: ConfigurationKind,
  target: Target,
  spreading: Settling,
  change: (current: Configuration) => Configuration,
): Promise<void> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const current = (await kind.get(target)) ?? NOTHING;
    const wanted = change(current);
    if (meaningOf(current.rules) === meaningOf(wanted.rules) && !isOtherText(current, wanted)) return;
    await write(kind, target, spreading, wanted);
    if (await isInForce(kind, target, spreading, wanted)) return;
  }
  throw new UserError(`the ${kind.title} of the bucket ${target.bucket} did not stay as they were written`, {
    why: "Somebody else is changing them at the same time, or S3 does not show them yet.",
    fix: "The same command again, in some minutes.",
  });
}

/** The same rules with another role, or in another form, are another configuration. */
function isOtherText(current: Configuration, wanted: Configuration): boolean {
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
    // The bucket has just been read; from one that is gone nothing has to be removed.
    retryable: (error) => isSpreading(error) && !(removes && isNoSuchBucket(error)),
  });
}

/** Whether the rules that were written show within the time that settings are given. */
async function isInForce(
  kind: ConfigurationKind,
  target: Target,
  spreading: Settling,
  wanted: Configuration,
): Promise<boolean> {
  try {
    await withRetry(
      async () => {
        const { rules } = (await kind.get(target)) ?? NOTHING;
        if (namesOf(kind, rules) !== namesOf(kind, wanted.rules)) throw new NotInForce();
      },
      {
        signal: target.signal,
        ...spreading,
        retryable: (error) => error instanceof NotInForce || isNoSuchBucket(error),
      },
    );
    return true;
  } catch (error) {
    if (error instanceof NotInForce) return false;
    throw error;
  }
}

/** S3 may complete what a rule leaves out, so the ids and the states are what is compared. */
function namesOf(kind: ConfigurationKind, rules: Configuration["rules"]): string {
  return rules
    .map((rule) => `${kind.idOf(rule) ?? ""} ${String(rule["Status"])}`)
    .sort()
    .join("\n");
}
