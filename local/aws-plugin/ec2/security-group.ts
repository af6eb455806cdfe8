import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  type DescribeSecurityGroupsCommandInput,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from "@aws-sdk/client-ec2";
import { list, string, strings } from "../../../staging/schema/fields.ts";
import { defineResource } from "../resource.ts";
import type { Call } from "../sdk/call.ts";
import { ec2 } from "../sdk/ec2.ts";
import { isAwsError, trueUnless, undefinedIfCreated, undefinedOn, wasRetried } from "../sdk/errors.ts";
import { settle, settleGone } from "../sdk/settle.ts";
import { fromTagList, toTagList } from "../sdk/tags.ts";
import {
  arrange,
  fromPermissions,
  keyOfRule,
  type Rule,
  rule,
  ruleChanges,
  toPermission,
} from "./security-group-rules.ts";
import { setTags } from "./tags.ts";

const fields = {
  name: string({ required: true, replaces: true, names: true, problem: nameProblem }),
  description: string({ default: "Managed by Pulumi", replaces: true, problem: descriptionProblem }),
  vpcId: string({ computed: true, replaces: true }),
  // Undeclared rules stay unchanged; a new group has only AWS's default rule.
  ingress: list(rule, { computed: true, keyOf: keyOfRule }),
  egress: list(rule, { computed: true, keyOf: keyOfRule }),
  tags: strings(),
};

type Computed = { arn: string; ownerId: string; tagsAll: Record<string, string> };

const GONE = ["InvalidGroup.NotFound", "InvalidGroupId.Malformed"];
/** Network interfaces of ending instances keep their group temporarily. The official provider waits that long. */
const DELETE_MS = 15 * 60_000;

/** AWS's default rule of a new group. The official provider removes it, so that only declared rules remain. */
const DEFAULT_EGRESS: readonly IpPermission[] = [
  { IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] },
  { IpProtocol: "-1", Ipv6Ranges: [{ CidrIpv6: "::/0" }] },
];
/** Without IPv6 in the VPC the second rule does not exist; then AWS returns either error. */
const NO_RULE = ["InvalidPermission.NotFound", "InvalidParameterValue"];

export default defineResource<typeof fields, Computed>({
  title: "security group",
  fields,
  computed: ["arn", "ownerId", "tagsAll"],
  changing: ["tagsAll"],

  async create({ name, description, vpcId, tags }, call) {
    let id: string | undefined;
    try {
      const created = await ec2(call).send(
        new CreateSecurityGroupCommand({
          GroupName: name,
          Description: description,
          VpcId: vpcId || undefined,
          TagSpecifications: tags && [{ ResourceType: "security-group", Tags: toTagList(tags) }],
        }),
      );
      id = created.GroupId;
    } catch (error) {
      if (!(isAwsError(error, "InvalidGroup.Duplicate") && wasRetried(error))) throw error;
      id = await findByName(name, vpcId, call);
      if (id === undefined) throw error;
    }
    if (id === undefined) throw new Error("EC2 did not return the ID of the new security group");
    return id;
  },
  async finish(id, inputs, call) {
    await settle(call, `the security group ${id} to exist`, () => describe(id, call));
    for (const permission of DEFAULT_EGRESS) {
      const request = new RevokeSecurityGroupEgressCommand({ GroupId: id, IpPermissions: [permission] });
      await undefinedOn(NO_RULE, ec2(call).send(request));
    }
    await setRules(id, {}, inputs, call);
  },
  async update(id, inputs, actual, call) {
    await setTags(id, actual.tags, inputs.tags, call);
    await setRules(id, actual, inputs, call);
  },

  async read(id, call, known) {
    const group = await describe(id, call);
    if (group === undefined) return undefined;
    const ownerId = group.OwnerId ?? "";
    const tags = fromTagList(group.Tags);
    return {
      name: group.GroupName ?? "",
      description: group.Description ?? "",
      vpcId: group.VpcId ?? "",
      ingress: arrange(fromPermissions(group.IpPermissions, id, ownerId), known.ingress),
      egress: arrange(fromPermissions(group.IpPermissionsEgress, id, ownerId), known.egress),
      ...(tags && { tags }),
      arn: `arn:aws:ec2:${call.region}:${ownerId}:security-group/${id}`,
      ownerId,
      tagsAll: tags ?? {},
    };
  },

  async delete(id, _outputs, call) {
    await settle(
      call,
      `the security group ${id} to be unused`,
      () => {
        const request = ec2(call).send(new DeleteSecurityGroupCommand({ GroupId: id }));
        return trueUnless(["DependencyViolation", "InvalidGroup.InUse"], undefinedOn(GONE, request));
      },
      DELETE_MS,
    );
    await settleGone(call, `the security group ${id}`, () => describe(id, call));
  },
});

const describe = (id: string, call: Call): Promise<SecurityGroup | undefined> =>
  find({ GroupIds: [id] }, call);

async function find(
  input: DescribeSecurityGroupsCommandInput,
  call: Call,
): Promise<SecurityGroup | undefined> {
  const request = ec2(call).send(new DescribeSecurityGroupsCommand(input));
  return (await undefinedOn(GONE, request))?.SecurityGroups?.[0];
}

async function findByName(name: string, vpcId: string | undefined, call: Call): Promise<string | undefined> {
  const Filters = [
    { Name: "group-name", Values: [name] },
    ...(vpcId ? [{ Name: "vpc-id", Values: [vpcId] }] : []),
  ];
  return (await find({ Filters }, call))?.GroupId;
}

interface RuleCall {
  readonly GroupId: string;
  readonly IpPermissions: IpPermission[];
}

const DIRECTIONS = [
  {
    rules: "ingress",
    revoke: (input: RuleCall, call: Call) => ec2(call).send(new RevokeSecurityGroupIngressCommand(input)),
    authorize: (input: RuleCall, call: Call) =>
      ec2(call).send(new AuthorizeSecurityGroupIngressCommand(input)),
  },
  {
    rules: "egress",
    revoke: (input: RuleCall, call: Call) => ec2(call).send(new RevokeSecurityGroupEgressCommand(input)),
    authorize: (input: RuleCall, call: Call) =>
      ec2(call).send(new AuthorizeSecurityGroupEgressCommand(input)),
  },
] as const;

interface Rules {
  readonly ingress?: Rule[];
  readonly egress?: Rule[];
}

/** Revokes before it authorizes, like the official provider. Rules of an undeclared direction stay. */
async function setRules(GroupId: string, actual: Rules, wanted: Rules, call: Call): Promise<void> {
  for (const { rules, revoke, authorize } of DIRECTIONS) {
    if (wanted[rules] === undefined) continue;
    const { revoked, authorized } = ruleChanges(actual[rules], wanted[rules]);
    const input = (some: Rule[]) => ({
      GroupId,
      IpPermissions: some.map((one) => toPermission(one, GroupId)),
    });
    if (revoked.length > 0) await undefinedOn(["InvalidPermission.NotFound"], revoke(input(revoked), call));
    if (authorized.length === 0) continue;
    await undefinedIfCreated(["InvalidPermission.Duplicate"], authorize(input(authorized), call));
  }
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html */
function nameProblem(name: string): string | undefined {
  if (name.startsWith("sg-")) return `"${name}" must not begin with sg-`;
  return /^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/.test(name)
    ? undefined
    : `"${name}" must have 1 to 255 letters, digits, spaces and characters of ._-:/()#,@[]+=&;{}!$*`;
}

function descriptionProblem(text: string): string | undefined {
  return /^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/.test(text)
    ? undefined
    : "must have 1 to 255 letters, digits, spaces and characters of ._-:/()#,@[]+=&;{}!$*";
}
