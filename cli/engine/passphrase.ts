import { PASSPHRASE_VARIABLES } from "../../local/engine/variables.ts";
import { UserError } from "../../staging/errors.ts";

const EMPTY = "export PULUMI_CONFIG_PASSPHRASE=''";

/** What an engine's error says of the passphrase of a stack's state; undefined for any other error. Never names the passphrase. */
export function explainPassphrase(text: string, stack: string, env = process.env): UserError | undefined {
  if (/incorrect passphrase/.test(text)) {
    return new UserError(`the state of ${stack} is encrypted with another passphrase`, {
      why: passphraseInUse(env),
      fix: `Set PULUMI_CONFIG_PASSPHRASE to the one that it was made with, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that has it. Stacks that spawn made where neither was set have the empty one: ${EMPTY}`,
    });
  }
  if (/unable to read PULUMI_CONFIG_PASSPHRASE_FILE/.test(text)) {
    return new UserError("the file of PULUMI_CONFIG_PASSPHRASE_FILE cannot be read", {
      why: passphraseInUse(env),
      fix: "Correct PULUMI_CONFIG_PASSPHRASE_FILE, then run the command again.",
    });
  }
  if (!/passphrase must be set/.test(text)) return undefined;
  return new UserError(`there is no passphrase for the state of ${stack}`, {
    why: "Pulumi encrypts the secrets of a state with a passphrase, and spawn chooses none for an environment in AWS.",
    fix: `Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that has it. The stacks of spawn hold no secrets; for the empty passphrase, which earlier versions used: ${EMPTY}`,
  });
}

/** Which variable decides. */
function passphraseInUse(env: NodeJS.ProcessEnv): string {
  const [passphrase, file] = PASSPHRASE_VARIABLES.map((name) => env[name]);
  if (passphrase === "") return "PULUMI_CONFIG_PASSPHRASE is set, to the empty passphrase.";
  if (passphrase !== undefined) return "PULUMI_CONFIG_PASSPHRASE is set.";
  return file ? `PULUMI_CONFIG_PASSPHRASE_FILE is ${file}.` : "The empty passphrase was tried.";
}
