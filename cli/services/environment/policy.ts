import type { AccountId } from "../../../staging/accounts.ts";
import { InputError } from "../../../staging/errors.ts";
import {
  charactersOf,
  MAX_CHARACTERS,
  type PolicyDocument,
  policyOf,
} from "../../../staging/policies/document.ts";
import { environmentPolicy, type PolicyName } from "../../../staging/policies/policies.ts";
import { stagerLaunches } from "../../../staging/policies/stager.ts";
import { stateStatements } from "../../../staging/policies/state.ts";
import { formatInteger } from "../../../staging/units.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";

/**
 * The policy of the environment, with the rights on its state where that is in a bucket.
 * @throws InputError when the account is not known
 */
export async function printedPolicy(
  context: Pick<Context, "account" | "settings" | "stateUrl">,
  name: PolicyName,
): Promise<PolicyDocument> {
  const settings = await context.settings();
  const { Statement } = environmentPolicy(name, settings, await accountOf(context));
  if (name !== "operator" && name !== "stager") return policyOf(Statement);
  return policyOf([...Statement, ...stateStatements(await context.stateUrl(), settings.regions[0])]);
}

/** That of the settings needs no request, so that whoever administers another account can print the policy. */
async function accountOf(context: Pick<Context, "account" | "settings">): Promise<AccountId> {
  const settings = await context.settings();
  const account = settings.account ?? (await context.account());
  if (account !== undefined) return account;
  throw new InputError(`the account of environment ${settings.name} is not known`, {
    why: "A policy names it, and the server in place of AWS has no accounts.",
    fix: `Set spawn:account: "123456789012" in Pulumi.${settings.name}.yaml`,
  });
}

/** What an administrator has to know of a policy. */
export async function policyNotes(
  context: Pick<Context, "settings">,
  name: PolicyName,
  policy: PolicyDocument,
): Promise<string[]> {
  const settings = await context.settings();
  const size = sizeNote(name, policy);
  return [
    ...(size === undefined ? [] : [size]),
    ...(name === "stager" && !stagerLaunches(settings) ? [launchNote(settings.name)] : []),
  ];
}

const launchNote = (environment: string): string =>
  `spawn launch is left out: it makes a role, and whoever can make roles without a limit can take every right. To include it: ${commandLine("spawn environment policy boundary", environment)} > boundary.json; aws iam create-policy --policy-name spawn-workers-${environment} --policy-document file://boundary.json; then set spawn:workersBoundary in Pulumi.${environment}.yaml to the ARN that it prints.`;

/** What to do with a policy that is too large for a managed one; undefined for any other. */
export function sizeNote(name: PolicyName, policy: PolicyDocument): string | undefined {
  const size = charactersOf(policy);
  if (size <= MAX_CHARACTERS.managed) return undefined;
  const tooLarge = `This policy has ${formatInteger(size)} characters; a managed policy has at most ${formatInteger(MAX_CHARACTERS.managed)}`;
  if (size <= MAX_CHARACTERS.inline) {
    return `${tooLarge}. Make it an inline policy of a role, which may have ${formatInteger(MAX_CHARACTERS.inline)}: aws iam put-role-policy --role-name NAME --policy-name spawn-${name} --policy-document file://${name}.json`;
  }
  return `${tooLarge}, an inline policy of a role ${formatInteger(MAX_CHARACTERS.inline)}. Divide its statements between two managed policies, and attach both.`;
}
