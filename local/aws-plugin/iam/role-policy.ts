import { DeleteRolePolicyCommand, GetRolePolicyCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { NO_ENTITY } from "../../../connection/errors/absent.ts";
import { UserError } from "../../../staging/errors.ts";
import { document, string } from "../../../staging/schema/fields.ts";
import { defineResource } from "../resource.ts";
import { undefinedOn } from "../sdk/errors.ts";
import { iam } from "../sdk/iam.ts";
import { roleNameProblem, rolePolicyNameProblem } from "./names.ts";
import { policyProblem, samePolicy } from "./same-policy.ts";

const fields = {
  name: string({ required: true, replaces: true, names: true, problem: rolePolicyNameProblem }),
  role: string({ required: true, replaces: true, problem: roleNameProblem }),
  policy: document(samePolicy, { required: true, problem: policyProblem }),
};

export default defineResource<typeof fields, object>({
  title: "inline policy",
  fields,
  computed: [],
  global: true,

  async create({ name, role, policy }, call) {
    await iam(call).send(
      new PutRolePolicyCommand({ RoleName: role, PolicyName: name, PolicyDocument: policy }),
    );
    return `${role}:${name}`;
  },
  async update(id, { policy }, _actual, call) {
    await iam(call).send(new PutRolePolicyCommand({ ...parseId(id), PolicyDocument: policy }));
  },
  async read(id, call) {
    const found = await undefinedOn(NO_ENTITY, iam(call).send(new GetRolePolicyCommand(parseId(id))));
    if (found?.PolicyDocument === undefined) return undefined;
    const { RoleName, PolicyName } = parseId(id);
    return { name: PolicyName, role: RoleName, policy: decodeURIComponent(found.PolicyDocument) };
  },
  inForce: (wanted, { policy }) => policy !== undefined && samePolicy(policy, wanted.policy),
  async delete(id, _outputs, call) {
    await undefinedOn(NO_ENTITY, iam(call).send(new DeleteRolePolicyCommand(parseId(id))));
  },
});

function parseId(id: string): { RoleName: string; PolicyName: string } {
  const [, RoleName, PolicyName] = /^([^:]+):(.+)$/.exec(id) ?? [];
  if (RoleName === undefined || PolicyName === undefined) {
    throw new UserError(`"${id}" is not the id of a role's policy`, { why: "It is ROLE:NAME." });
  }
  return { RoleName, PolicyName };
}
