import {
  AttachRolePolicyCommand,
  DetachRolePolicyCommand,
  paginateListAttachedRolePolicies,
} from "@aws-sdk/client-iam";
import { NO_ENTITY } from "../../../connection/errors/absent.ts";
import { UserError } from "../../../staging/errors.ts";
import { string } from "../../../staging/schema/fields.ts";
import { mustMatch } from "../problem.ts";
import { defineResource } from "../resource.ts";
import type { Call } from "../sdk/call.ts";
import { isAwsError, undefinedOn } from "../sdk/errors.ts";
import { iam } from "../sdk/iam.ts";
import { roleNameProblem } from "./names.ts";

const arnProblem = mustMatch(
  /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/.+$/,
  "is not the ARN of a managed policy",
);

const fields = {
  role: string({ required: true, replaces: true, problem: roleNameProblem }),
  policyArn: string({ required: true, replaces: true, problem: arnProblem }),
};

export default defineResource<typeof fields, object>({
  title: "attachment of a policy",
  fields,
  computed: [],
  global: true,

  async create({ role, policyArn }, call) {
    await iam(call).send(new AttachRolePolicyCommand({ RoleName: role, PolicyArn: policyArn }));
    return `${role}/${policyArn}`;
  },
  async update() {
    // No property can change.
  },
  async read(id, call) {
    const { role, policyArn } = parseId(id);
    return (await isAttached(role, policyArn, call)) ? { role, policyArn } : undefined;
  },
  async delete(id, _outputs, call) {
    const { role, policyArn } = parseId(id);
    const request = new DetachRolePolicyCommand({ RoleName: role, PolicyArn: policyArn });
    await undefinedOn(NO_ENTITY, iam(call).send(request));
  },
});

async function isAttached(RoleName: string, policyArn: string, call: Call): Promise<boolean> {
  const client = iam(call);
  try {
    for await (const page of paginateListAttachedRolePolicies({ client }, { RoleName })) {
      if (page.AttachedPolicies?.some(({ PolicyArn }) => PolicyArn === policyArn)) return true;
    }
    return false;
  } catch (error) {
    if (isAwsError(error, ...NO_ENTITY)) return false; // the role does not exist either
    throw error;
  }
}

function parseId(id: string): { role: string; policyArn: string } {
  const [, role, policyArn] = /^([^/]+)\/(arn:.+)$/.exec(id) ?? [];
  if (role === undefined || policyArn === undefined) {
    throw new UserError(`"${id}" is not the id of a policy's attachment`, { why: "It is ROLE/POLICY_ARN." });
  }
  return { role, policyArn };
}
