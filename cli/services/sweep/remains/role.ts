import {
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  type IAMClient,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
  RemoveRoleFromInstanceProfileCommand,
} from "@aws-sdk/client-iam";
import { errorName } from "../../../../connection/errors/failure.ts";
import type { Remain } from "./remain.ts";

/** The instance profile and the role of a sweep. */
export async function roleRemains(client: IAMClient, name: string): Promise<Remain[]> {
  const profile = {
    isThere: () =>
      unlessGone(() => client.send(new GetInstanceProfileCommand({ InstanceProfileName: name }))),
    async remove(signal: AbortSignal): Promise<void> {
      const found = await profile.isThere();
      for (const { RoleName } of found?.InstanceProfile?.Roles ?? []) {
        const command = new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: name, RoleName });
        await unlessGone(() => client.send(command, { abortSignal: signal }));
      }
      const command = new DeleteInstanceProfileCommand({ InstanceProfileName: name });
      await unlessGone(() => client.send(command, { abortSignal: signal }));
    },
  };
  const role = {
    isThere: () => unlessGone(() => client.send(new GetRoleCommand({ RoleName: name }))),
    // AWS refuses to delete a role that has policies.
    remove: async (signal: AbortSignal): Promise<void> => {
      const role = { RoleName: name };
      await unlessGone(async () => {
        for await (const { PolicyNames = [] } of paginateListRolePolicies({ client }, role)) {
          for (const PolicyName of PolicyNames)
            await client.send(new DeleteRolePolicyCommand({ ...role, PolicyName }), { abortSignal: signal });
        }
        for await (const { AttachedPolicies = [] } of paginateListAttachedRolePolicies({ client }, role)) {
          for (const { PolicyArn } of AttachedPolicies)
            await client.send(new DetachRolePolicyCommand({ ...role, PolicyArn }), { abortSignal: signal });
        }
        await client.send(new DeleteRoleCommand(role), { abortSignal: signal });
      });
    },
  };
  const [hasProfile, hasRole] = await Promise.all([profile.isThere(), role.isThere()]);
  return [
    ...(hasProfile === undefined
      ? []
      : [{ kind: "instance profile" as const, name, remove: profile.remove }]),
    ...(hasRole === undefined ? [] : [{ kind: "role" as const, name, remove: role.remove }]),
  ];
}

/** Undefined if IAM reports that the resource does not exist. */
async function unlessGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (errorName(error).startsWith("NoSuchEntity")) return undefined;
    throw error;
  }
}
