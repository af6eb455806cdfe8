import type { AccountId } from "../accounts.ts";
import type { EnvironmentSettings } from "../environment.ts";
import { workersBoundary } from "./boundary.ts";
import type { PolicyDocument } from "./document.ts";
import { operatorPolicy } from "./operator.ts";
import { environmentReaderPolicy } from "./reader.ts";
import { stagerPolicy } from "./stager.ts";
import { jobPolicy } from "./worker.ts";

/** Who the policies of an environment are for, the most powerful first. */
export const POLICY_NAMES = ["operator", "stager", "reader", "worker"] as const;
/** Beside these, what limits the roles of sweeps. */
export const PRINTED_POLICIES = [...POLICY_NAMES, "boundary"] as const;
export type UserPolicyName = (typeof POLICY_NAMES)[number];
export type PolicyName = (typeof PRINTED_POLICIES)[number];

const POLICIES: Readonly<
  Record<PolicyName, (settings: EnvironmentSettings, account: AccountId) => PolicyDocument>
> = {
  operator: operatorPolicy,
  stager: stagerPolicy,
  reader: environmentReaderPolicy,
  worker: jobPolicy,
  boundary: workersBoundary,
};

/**
 * An IAM policy with the rights that one kind of users of an environment needs.
 * @param account that of the environment
 */
export const environmentPolicy = (
  name: PolicyName,
  settings: EnvironmentSettings,
  account: AccountId,
): PolicyDocument => POLICIES[name](settings, account);
