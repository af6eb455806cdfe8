import {
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
  RemoveRoleFromInstanceProfileCommand,
} from "@aws-sdk/client-iam";
import { errorName } from "../../../../connection/errors/failure.ts";
import type { Context } from "../../../context.ts";
import type { Remain } from "./remain.ts";

/** The instance profile and the role of a sweep. */
export async function roleRemains(context: Pick<Context, "iam">, name: string): Promise<Remain[]> {
  const client = await context.iam();
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
    // A role can only be deleted without policies.
    remove: async (signal: AbortSignal): Promise<void> => {
      const of = { RoleName: name };
      await unlessGone(async () => {
        for await (const { PolicyNames = [] } of paginateListRolePolicies({ client }, of)) {
          for (const PolicyName of PolicyNames)
            await client.send(new DeleteRolePolicyCommand({ ...of, PolicyName }), { abortSignal: signal });
        }
        for await (const { AttachedPolicies = [] } of paginateListAttachedRolePolicies({ client }, of)) {
          for (const { PolicyArn } of AttachedPolicies)
            await client.send(new DetachRolePolicyCommand({ ...of, PolicyArn }), { abortSignal: signal });
        }
        await client.send(new DeleteRoleCommand(of), { abortSignal: signal });
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

async function unlessGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (errorName(error).startsWith("NoSuchEntity")) return undefined;
    throw error;
  }
}
