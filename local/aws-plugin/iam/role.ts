import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  ListInstanceProfilesForRoleCommand,
  PutRolePermissionsBoundaryCommand,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
  RemoveRoleFromInstanceProfileCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import { NO_ENTITY } from "../../../connection/errors/absent.ts";
import { boolean, document, integer, string, strings } from "../../../staging/schema/fields.ts";
import { defineResource } from "../resource.ts";
import type { Call } from "../sdk/call.ts";
import { undefinedIfCreated, undefinedOn } from "../sdk/errors.ts";
import { iam } from "../sdk/iam.ts";
import { changeTags, fromTagList, toTagList } from "../sdk/tags.ts";
import { pathProblem, roleNameProblem } from "./names.ts";
import { policyProblem, samePolicy } from "./same-policy.ts";

const fields = {
  name: string({ required: true, replaces: true, names: true, problem: roleNameProblem }),
  assumeRolePolicy: document(samePolicy, { required: true, problem: policyProblem }),
  path: string({ default: "/", replaces: true, problem: pathProblem }),
  description: string({}),
  maxSessionDuration: integer({ default: 3600, min: 3600, max: 43_200 }),
  permissionsBoundary: string({}),
  forceDetachPolicies: boolean({ default: false, unreported: true }),
  tags: strings(),
};

/**
 * Outputs. The official provider also returns the role's policies at the time of a refresh; this one leaves them to
 * the resources that declare them.
 */
type Computed = { arn: string; createDate: string; uniqueId: string; tagsAll: Record<string, string> };

export default defineResource<typeof fields, Computed>({
  title: "role",
  fields,
  computed: ["arn", "createDate", "uniqueId", "tagsAll"],
  changing: ["tagsAll"],
  global: true,

  async create(inputs, call) {
    const { name, description, permissionsBoundary, tags } = inputs;
    await undefinedIfCreated(
      ["EntityAlreadyExists", "EntityAlreadyExistsException"],
      iam(call).send(
        new CreateRoleCommand({
          RoleName: name,
          AssumeRolePolicyDocument: inputs.assumeRolePolicy,
          Path: inputs.path,
          MaxSessionDuration: inputs.maxSessionDuration,
          Description: description || undefined,
          PermissionsBoundary: permissionsBoundary || undefined,
          Tags: tags && toTagList(tags),
        }),
      ),
    );
    return name;
  },

  async update(RoleName, inputs, actual, call) {
    const { description = "", permissionsBoundary, maxSessionDuration } = inputs;
    await changeTags(
      actual.tags,
      inputs.tags,
      (TagKeys) => iam(call).send(new UntagRoleCommand({ RoleName, TagKeys })),
      (Tags) => iam(call).send(new TagRoleCommand({ RoleName, Tags })),
    );
    if (!samePolicy(inputs.assumeRolePolicy, actual.assumeRolePolicy ?? "")) {
      const PolicyDocument = inputs.assumeRolePolicy;
      await iam(call).send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    }
    if (description !== (actual.description ?? "") || maxSessionDuration !== actual.maxSessionDuration) {
      await iam(call).send(
        new UpdateRoleCommand({ RoleName, Description: description, MaxSessionDuration: maxSessionDuration }),
      );
    }
    if ((permissionsBoundary ?? "") !== (actual.permissionsBoundary ?? "")) {
      await (permissionsBoundary
        ? iam(call).send(
            new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: permissionsBoundary }),
          )
        : iam(call).send(new DeleteRolePermissionsBoundaryCommand({ RoleName })));
    }
  },

  async read(RoleName, call) {
    const Role = (await undefinedOn(NO_ENTITY, iam(call).send(new GetRoleCommand({ RoleName }))))?.Role;
    if (Role === undefined) return undefined;
    const tags = fromTagList(Role.Tags);
    const boundary = Role.PermissionsBoundary?.PermissionsBoundaryArn;
    return {
      name: Role.RoleName ?? RoleName,
      assumeRolePolicy: decodeURIComponent(Role.AssumeRolePolicyDocument ?? ""),
      path: Role.Path ?? "/",
      ...(Role.Description && { description: Role.Description }),
      maxSessionDuration: Role.MaxSessionDuration ?? 3600,
      ...(boundary && { permissionsBoundary: boundary }),
      ...(tags && { tags }),
      arn: Role.Arn ?? "",
      createDate: (Role.CreateDate ?? new Date(0)).toISOString().replace(/\.\d+Z$/, "Z"),
      uniqueId: Role.RoleId ?? "",
      tagsAll: tags ?? {},
    };
  },

  async delete(RoleName, { forceDetachPolicies }, call) {
    await undefinedOn(NO_ENTITY, leaveInstanceProfiles(RoleName, call));
    if (forceDetachPolicies) await undefinedOn(NO_ENTITY, detachPolicies(RoleName, call));
    await undefinedOn(NO_ENTITY, iam(call).send(new DeleteRoleCommand({ RoleName })));
  },
});

async function leaveInstanceProfiles(RoleName: string, call: Call): Promise<void> {
  const { InstanceProfiles = [] } = await iam(call).send(
    new ListInstanceProfilesForRoleCommand({ RoleName }),
  );
  for (const { InstanceProfileName } of InstanceProfiles) {
    const request = new RemoveRoleFromInstanceProfileCommand({ RoleName, InstanceProfileName });
    await undefinedOn(NO_ENTITY, iam(call).send(request));
  }
}

async function detachPolicies(RoleName: string, call: Call): Promise<void> {
  const client = iam(call);
  for await (const page of paginateListAttachedRolePolicies({ client }, { RoleName })) {
    for (const { PolicyArn } of page.AttachedPolicies ?? []) {
      await undefinedOn(NO_ENTITY, client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
    }
  }
  for await (const page of paginateListRolePolicies({ client }, { RoleName })) {
    for (const PolicyName of page.PolicyNames ?? []) {
      await undefinedOn(NO_ENTITY, client.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
    }
  }
}
