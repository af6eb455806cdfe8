import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  DeleteInstanceProfileCommand,
  GetInstanceProfileCommand,
  RemoveRoleFromInstanceProfileCommand,
  TagInstanceProfileCommand,
  UntagInstanceProfileCommand,
} from "@aws-sdk/client-iam";
import { NO_ENTITY } from "../../../connection/errors/absent.ts";
import { string, strings } from "../../../staging/schema/fields.ts";
import { defineResource } from "../resource.ts";
import type { Call } from "../sdk/call.ts";
import { undefinedIfCreated, undefinedOn } from "../sdk/errors.ts";
import { iam } from "../sdk/iam.ts";
import { changeTags, fromTagList, toTagList } from "../sdk/tags.ts";
import { instanceProfileNameProblem, pathProblem, roleNameProblem } from "./names.ts";

const fields = {
  name: string({ required: true, replaces: true, names: true, problem: instanceProfileNameProblem }),
  path: string({ default: "/", replaces: true, problem: pathProblem }),
  role: string({ problem: roleNameProblem }),
  tags: strings(),
};

type Computed = { arn: string; createDate: string; uniqueId: string; tagsAll: Record<string, string> };

export default defineResource<typeof fields, Computed>({
  title: "instance profile",
  fields,
  computed: ["arn", "createDate", "uniqueId", "tagsAll"],
  changing: ["tagsAll"],
  global: true,

  async create({ name, path, tags }, call) {
    await undefinedIfCreated(
      ["EntityAlreadyExists", "EntityAlreadyExistsException"],
      iam(call).send(
        new CreateInstanceProfileCommand({
          InstanceProfileName: name,
          Path: path,
          Tags: tags && toTagList(tags),
        }),
      ),
    );
    return name;
  },
  async finish(name, { role }, call) {
    if (role !== undefined) await addRole(name, role, call);
  },
  async update(InstanceProfileName, { role, tags }, actual, call) {
    if (role !== actual.role) {
      if (actual.role !== undefined) await removeRole(InstanceProfileName, actual.role, call);
      if (role !== undefined) await addRole(InstanceProfileName, role, call);
    }
    await changeTags(
      actual.tags,
      tags,
      (TagKeys) => iam(call).send(new UntagInstanceProfileCommand({ InstanceProfileName, TagKeys })),
      (Tags) => iam(call).send(new TagInstanceProfileCommand({ InstanceProfileName, Tags })),
    );
  },

  async read(InstanceProfileName, call) {
    const request = iam(call).send(new GetInstanceProfileCommand({ InstanceProfileName }));
    const profile = (await undefinedOn(NO_ENTITY, request))?.InstanceProfile;
    if (profile === undefined) return undefined;
    const tags = fromTagList(profile.Tags);
    const role = profile.Roles?.[0]?.RoleName; // there is never a second one
    return {
      name: profile.InstanceProfileName ?? InstanceProfileName,
      path: profile.Path ?? "/",
      ...(role && { role }),
      ...(tags && { tags }),
      arn: profile.Arn ?? "",
      createDate: (profile.CreateDate ?? new Date(0)).toISOString().replace(/\.\d+Z$/, "Z"),
      uniqueId: profile.InstanceProfileId ?? "",
      tagsAll: tags ?? {},
    };
  },
  inForce: (wanted, { role }) => wanted.role === role,

  async delete(InstanceProfileName, { role }, call) {
    if (role !== undefined) await removeRole(InstanceProfileName, role, call);
    await undefinedOn(NO_ENTITY, iam(call).send(new DeleteInstanceProfileCommand({ InstanceProfileName })));
  },
});

async function addRole(InstanceProfileName: string, RoleName: string, call: Call): Promise<void> {
  const request = new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName });
  await undefinedIfCreated(["LimitExceeded", "LimitExceededException"], iam(call).send(request));
}

async function removeRole(InstanceProfileName: string, RoleName: string, call: Call): Promise<void> {
  const request = new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName });
  await undefinedOn(NO_ENTITY, iam(call).send(request));
}
