import type { AccountId } from "../accounts.ts";
import type { EnvironmentSettings } from "../environment.ts";
import { workersBoundary } from "./boundary.ts";
import type { PolicyDocument } from "./document.ts";
import { operatorPolicy } from "./operator.ts";
import { environmentReaderPolicy } from "./reader.ts";
import { stagerPolicy } from "./stager.ts";
import { jobPolicy } from "./worker.ts";

/** The user roles of an environment, the most powerful first. */
export const POLICY_NAMES = ["operator", "stager", "reader", "worker"] as const;
/** In addition, the boundary of the roles of sweeps. */
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
 * An IAM policy with the permissions of one user role of an environment.
 * @param account that of the environment
 */
export const environmentPolicy = (
  name: PolicyName,
  settings: EnvironmentSettings,
  account: AccountId,
): PolicyDocument => POLICIES[name](settings, account);
