import { GetRoleCommand, GetRolePolicyCommand, type IAMClient } from "@aws-sdk/client-iam";
import { REPLICATION_POLICY_NAME } from "../../staging/environment.ts";
import { ownerOfTags } from "../../staging/ownership/names.ts";
import type { RoleFact } from "../../staging/resources/environment-facts.ts";
import { undefinedIfAbsent } from "./absent.ts";

/** Whether the role exists, its owner, and the buckets that its policy names. */
export async function surveyRole(
  name: string,
  iam: () => Promise<IAMClient> | IAMClient,
  options: { readonly abortSignal?: AbortSignal },
): Promise<RoleFact> {
  const client = await iam();
  const [role, policy] = await Promise.all([
    undefinedIfAbsent(client.send(new GetRoleCommand({ RoleName: name }), options)),
    undefinedIfAbsent(
      client.send(new GetRolePolicyCommand({ RoleName: name, PolicyName: REPLICATION_POLICY_NAME }), options),
    ),
  ]);
  // Without permission to read roles, assume that the role exists. Its creation reports any problem.
  if (role === undefined || role === "denied")
    return {
      name,
      exists: role === "denied",
      owner: {},
      buckets: [],
      ...(role === "denied" ? { denied: true } : {}),
    };
  const tags = Object.fromEntries((role.Role?.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
  const text = policy === undefined || policy === "denied" ? undefined : policy.PolicyDocument;
  return {
    name,
    exists: true,
    owner: ownerOfTags(tags),
    buckets: bucketsIn(text),
    ...(policy === undefined ? { lacksPolicy: true } : {}),
  };
}

/** The names of the buckets in a policy. IAM returns policies percent-encoded. */
function bucketsIn(policy: string | undefined): string[] {
  if (policy === undefined) return [];
  const arns = decodeURIComponent(policy).matchAll(/arn:aws[a-z-]*:s3:::([a-z0-9][a-z0-9.-]+)/g);
  return [...new Set([...arns].map(([, bucket = ""]) => bucket))];
}
