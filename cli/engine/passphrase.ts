import { PASSPHRASE_VARIABLES } from "../../local/engine/variables.ts";
import { UserError } from "../../staging/errors.ts";

const EMPTY = "export PULUMI_CONFIG_PASSPHRASE=''";

/** The error for a missing or wrong passphrase of a stack's state; undefined for other errors. It never contains the passphrase. */
export function explainPassphrase(text: string, stack: string, env = process.env): UserError | undefined {
  if (/incorrect passphrase/.test(text)) {
    return new UserError(`the state of ${stack} is encrypted with another passphrase`, {
      why: passphraseInUse(env),
      fix: `Set PULUMI_CONFIG_PASSPHRASE to the original passphrase, or PULUMI_CONFIG_PASSPHRASE_FILE to a file with it. If neither was set when spawn created the stack, the passphrase is empty: ${EMPTY}`,
    });
  }
  if (/unable to read PULUMI_CONFIG_PASSPHRASE_FILE/.test(text)) {
    return new UserError("the file in PULUMI_CONFIG_PASSPHRASE_FILE cannot be read", {
      why: passphraseInUse(env),
      fix: "Correct PULUMI_CONFIG_PASSPHRASE_FILE, then run the command again.",
    });
  }
  if (!/passphrase must be set/.test(text)) return undefined;
  return new UserError(`the passphrase for the state of ${stack} is not set`, {
    why: "Pulumi encrypts the secrets of a state with a passphrase. spawn sets no default for an environment on AWS.",
    fix: `Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file with it. spawn's stacks contain no secrets. To use the empty passphrase, as earlier versions did: ${EMPTY}`,
  });
}

/** Names the variable that is in use. */
function passphraseInUse(env: NodeJS.ProcessEnv): string {
  const [passphrase, file] = PASSPHRASE_VARIABLES.map((name) => env[name]);
  if (passphrase === "") return "PULUMI_CONFIG_PASSPHRASE is set to the empty passphrase.";
  if (passphrase !== undefined) return "PULUMI_CONFIG_PASSPHRASE is set.";
  return file ? `PULUMI_CONFIG_PASSPHRASE_FILE is ${file}.` : "The empty passphrase was tried.";
}
