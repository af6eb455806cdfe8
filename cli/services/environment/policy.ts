import type { AccountId } from "../../../staging/accounts.ts";
import { InputError } from "../../../staging/errors.ts";
import {
  charactersOf,
  MAX_CHARACTERS,
  type PolicyDocument,
  policyOf,
} from "../../../staging/policies/document.ts";
import { partitionOf } from "../../../staging/policies/places.ts";
import { environmentPolicy, type PolicyName } from "../../../staging/policies/policies.ts";
import { stagerLaunches } from "../../../staging/policies/stager.ts";
import { stateReads, stateStatements } from "../../../staging/policies/state.ts";
import { type TrustDocument, trustPolicy } from "../../../staging/policies/trust.ts";
import { formatInteger } from "../../../staging/units.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";

/**
 * The policy of the environment, with the permissions for its state if that is in a bucket.
 * @throws InputError if the account is not known
 */
export async function printedPolicy(
  context: Pick<Context, "account" | "settings" | "stateUrl">,
  name: PolicyName,
): Promise<PolicyDocument> {
  const settings = await context.settings();
  const { Statement } = environmentPolicy(name, settings, await accountOf(context));
  const statements = STATE[name];
  if (statements === undefined) return policyOf(Statement);
  return policyOf([...Statement, ...statements(await context.stateUrl(), settings.regions[0])]);
}

/** The permissions on the state, for the roles that run the engine. */
const STATE: Partial<Record<PolicyName, typeof stateStatements>> = {
  operator: stateStatements,
  stager: stateStatements,
  previewer: stateReads,
};

/**
 * The trust policy of a role of the environment's account for the jobs of one pipeline.
 * @throws InputError if the account is not known, or `who` names no pipeline
 */
export async function printedTrust(
  context: Pick<Context, "account" | "settings">,
  who: string,
): Promise<TrustDocument> {
  const { regions } = await context.settings();
  return trustPolicy(who, await accountOf(context), partitionOf(regions[0]));
}

/** Roles whose jobs change nothing. */
const READING: readonly PolicyName[] = ["previewer", "reader"];

/** Notes for the administrator who uses a trust policy. */
export const trustNotes = (name: PolicyName, who: string): string[] =>
  who.includes("*") && !READING.includes(name)
    ? [
        `Everyone who can push a branch has the permissions of ${name} then. Name one protected branch: --trust gitlab:GROUP/PROJECT:branch:main`,
      ]
    : [];

/** The account of the settings needs no request, so that an administrator of another account can print the policy. */
async function accountOf(context: Pick<Context, "account" | "settings">): Promise<AccountId> {
  const settings = await context.settings();
  const account = settings.account ?? (await context.account());
  if (account !== undefined) return account;
  throw new InputError(`the account of environment ${settings.name} is not known`, {
    why: "A policy names it, and the server in place of AWS has no accounts.",
    fix: `Set spawn:account: "123456789012" in Pulumi.${settings.name}.yaml`,
  });
}

/** Notes for the administrator who uses a policy. */
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
  `The launch of sweeps is left out: it creates a role, and a user who can create roles without a boundary can get every permission. To include it: ${commandLine("spawn environment policy boundary", environment)} > boundary.json; aws iam create-policy --policy-name spawn-workers-${environment} --policy-document file://boundary.json; then set spawn:workersBoundary in Pulumi.${environment}.yaml to the ARN that it prints.`;

/** The note for a policy that is too large for a managed policy; undefined for a smaller one. */
export function sizeNote(name: PolicyName, policy: PolicyDocument): string | undefined {
  const size = charactersOf(policy);
  if (size <= MAX_CHARACTERS.managed) return undefined;
  const tooLarge = `This policy has ${formatInteger(size)} characters; a managed policy has at most ${formatInteger(MAX_CHARACTERS.managed)}`;
  if (size <= MAX_CHARACTERS.inline) {
    return `${tooLarge}. Make it an inline policy of a role, which may have ${formatInteger(MAX_CHARACTERS.inline)}: aws iam put-role-policy --role-name NAME --policy-name spawn-${name} --policy-document file://${name}.json`;
  }
  return `${tooLarge}, an inline policy of a role ${formatInteger(MAX_CHARACTERS.inline)}. Divide its statements between two managed policies, and attach both.`;
}
