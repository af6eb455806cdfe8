import type { IpPermission } from "@aws-sdk/client-ec2";
import { containsUnknowns, UNKNOWN } from "../../../provider/plugin/values.ts";
import {
  boolean,
  choice,
  integer,
  object,
  set,
  string,
  type ValueOf,
} from "../../../staging/schema/fields.ts";

/** The inbound or outbound rules of a security group. */
export const rule = object(
  {
    protocol: choice(["-1", "tcp", "udp", "icmp", "icmpv6"], { required: true }),
    fromPort: integer({ required: true, min: -1, max: 65_535 }),
    toPort: integer({ required: true, min: -1, max: 65_535 }),
    cidrBlocks: set(),
    ipv6CidrBlocks: set(),
    prefixListIds: set(),
    securityGroups: set(),
    self: boolean({ default: false }),
    description: string({}),
  },
  { problem: ruleProblem },
);

export type Rule = ValueOf<typeof rule>;

const SOURCES = ["cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups"] as const;

/** Identifies a rule by all its fields, because rules have no name. */
export function keyOfRule(one: Rule): string {
  if (containsUnknowns(one)) return UNKNOWN;
  const { protocol, fromPort, toPort, self, description = "" } = one;
  const sources = SOURCES.map((source) => [...(one[source] ?? [])].sort());
  return JSON.stringify([protocol, fromPort, toPort, self, description, ...sources]);
}

/**
 * AWS stores every source of a rule separately, and joins rules with the same ports arbitrarily. Returns the existing
 * rules in the form of `known` if AWS has all their sources, followed by the rest.
 */
export function arrange(found: readonly Rule[], known: readonly Rule[] = []): Rule[] {
  const unmatched = new Map(found.flatMap(split).map((part) => [keyOfRule(part), part]));
  const kept = known.filter((one) => {
    const keys = split(one).map(keyOfRule);
    if (keys.length === 0 || !keys.every((key) => unmatched.has(key))) return false;
    for (const key of keys) unmatched.delete(key);
    return true;
  });
  return [...kept, ...join([...unmatched.values()])];
}

/** The rules to revoke and to authorize between `before` and `after`, source by source. */
export function ruleChanges(
  before: readonly Rule[] = [],
  after: readonly Rule[] = [],
): { revoked: Rule[]; authorized: Rule[] } {
  const without = (rules: readonly Rule[], others: readonly Rule[]) => {
    const keys = new Set(others.flatMap(split).map(keyOfRule));
    return rules.flatMap(split).filter((part) => !keys.has(keyOfRule(part)));
  };
  return { revoked: without(before, after), authorized: without(after, before) };
}

/** @param groupId of the group itself, for its rules about itself */
export function toPermission(one: Rule, groupId: string): IpPermission {
  const note = one.description ? { Description: one.description } : {};
  const groups = [...(one.securityGroups ?? []), ...(one.self ? [groupId] : [])];
  return {
    IpProtocol: one.protocol,
    ...(one.protocol === "-1" ? {} : { FromPort: one.fromPort, ToPort: one.toPort }),
    ...(one.cidrBlocks?.length && { IpRanges: one.cidrBlocks.map((CidrIp) => ({ CidrIp, ...note })) }),
    ...(one.ipv6CidrBlocks?.length && {
      Ipv6Ranges: one.ipv6CidrBlocks.map((CidrIpv6) => ({ CidrIpv6, ...note })),
    }),
    ...(one.prefixListIds?.length && {
      PrefixListIds: one.prefixListIds.map((PrefixListId) => ({ PrefixListId, ...note })),
    }),
    ...(groups.length > 0 && { UserIdGroupPairs: groups.map((group) => ({ ...toPair(group), ...note })) }),
  };
}

/** @param group an ID, or ACCOUNT/ID for another account's group */
function toPair(group: string): { GroupId: string; UserId?: string } {
  const [, UserId, GroupId = group] = /^(\d{12})\/(.+)$/.exec(group) ?? [];
  return { GroupId, ...(UserId && { UserId }) };
}

/** The rules of a group, one per source. @param ownerId of the group, whose own groups have no account prefix */
export function fromPermissions(
  permissions: readonly IpPermission[] = [],
  groupId: string,
  ownerId: string,
): Rule[] {
  return permissions.flatMap((permission) => {
    const from = (source: Partial<Rule>, Description = ""): Rule => ({
      ...portsOf(permission),
      self: false,
      ...source,
      ...(Description && { description: Description }),
    });
    const { IpRanges = [], Ipv6Ranges = [], PrefixListIds = [], UserIdGroupPairs = [] } = permission;
    return [
      ...IpRanges.map(({ CidrIp = "", Description }) => from({ cidrBlocks: [CidrIp] }, Description)),
      ...Ipv6Ranges.map(({ CidrIpv6 = "", Description }) =>
        from({ ipv6CidrBlocks: [CidrIpv6] }, Description),
      ),
      ...PrefixListIds.map(({ PrefixListId = "", Description }) =>
        from({ prefixListIds: [PrefixListId] }, Description),
      ),
      ...UserIdGroupPairs.map(({ GroupId = "", UserId = ownerId, Description }) =>
        GroupId === groupId
          ? from({ self: true }, Description)
          : from({ securityGroups: [UserId === ownerId ? GroupId : `${UserId}/${GroupId}`] }, Description),
      ),
    ];
  });
}

const PROTOCOLS = ["-1", "tcp", "udp", "icmp", "icmpv6"] as const;

function portsOf({
  IpProtocol,
  FromPort,
  ToPort,
}: IpPermission): Pick<Rule, "protocol" | "fromPort" | "toPort"> {
  const protocol = PROTOCOLS.find((one) => one === IpProtocol) ?? "-1";
  return protocol === "-1"
    ? { protocol, fromPort: 0, toPort: 0 }
    : { protocol, fromPort: FromPort ?? 0, toPort: ToPort ?? 0 };
}

/** One rule per source of a rule. */
function split(one: Rule): Rule[] {
  const { protocol, fromPort, toPort, description } = one;
  const bare = { protocol, fromPort, toPort, self: false, ...(description && { description }) };
  return [
    ...SOURCES.flatMap((source) => (one[source] ?? []).map((item) => ({ ...bare, [source]: [item] }))),
    ...(one.self ? [{ ...bare, self: true }] : []),
  ];
}

/** Joins rules that differ only in their sources. */
function join(parts: readonly Rule[]): Rule[] {
  const joined = new Map<string, Rule>();
  for (const part of parts) {
    const { protocol, fromPort, toPort, description = "" } = part;
    const key = JSON.stringify([protocol, fromPort, toPort, description]);
    const before = joined.get(key);
    if (before === undefined) {
      joined.set(key, { ...part });
      continue;
    }
    before.self ||= part.self;
    for (const source of SOURCES) {
      const items = part[source];
      if (items) before[source] = [...(before[source] ?? []), ...items];
    }
  }
  return [...joined.values()];
}

function ruleProblem(one: { protocol?: string; fromPort?: number; toPort?: number }): string | undefined {
  return one.protocol === "-1" && (one.fromPort !== 0 || one.toPort !== 0)
    ? 'the protocol "-1" means all, so fromPort and toPort must be 0'
    : undefined;
}
