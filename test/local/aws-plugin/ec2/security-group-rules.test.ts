import { expect } from "chai";
import {
  arrange,
  fromPermissions,
  type Rule,
  ruleChanges,
  toPermission,
} from "../../../../local/aws-plugin/ec2/security-group-rules.ts";

const https = { protocol: "tcp", fromPort: 443, toPort: 443, self: false } as const;
const from = (...cidrBlocks: string[]): Rule => ({ ...https, cidrBlocks });

describe("rules of a security group", () => {
  it("are read in the program's form, however AWS merges them", () => {
    const known = [from("10.2.0.0/16", "10.1.0.0/16"), from("10.3.0.0/16"), { ...https, self: true }];
    const joined = [
      {
        IpProtocol: "tcp",
        FromPort: 443,
        ToPort: 443,
        IpRanges: [1, 2, 3].map((net) => ({ CidrIp: `10.${net}.0.0/16` })),
        UserIdGroupPairs: [{ GroupId: "sg-1", UserId: "111122223333" }],
      },
    ];
    expect(arrange(fromPermissions(joined, "sg-1", "111122223333"), known)).to.deep.equal(known);
  });

  it("show foreign additions and removals", () => {
    const found = [from("10.1.0.0/16"), from("192.168.0.0/16"), from("172.16.0.0/12")];
    expect(arrange(found, [from("10.1.0.0/16"), from("10.2.0.0/16")])).to.deep.equal([
      from("10.1.0.0/16"),
      from("192.168.0.0/16", "172.16.0.0/12"),
    ]);
  });

  it("name groups of other accounts with the account ID", () => {
    const pairs = [
      { GroupId: "sg-2", UserId: "111122223333" },
      { GroupId: "sg-3", UserId: "444455556666", Description: "theirs" },
    ];
    expect(
      fromPermissions([{ IpProtocol: "-1", UserIdGroupPairs: pairs }], "sg-1", "111122223333"),
    ).to.deep.equal([
      { protocol: "-1", fromPort: 0, toPort: 0, self: false, securityGroups: ["sg-2"] },
      {
        protocol: "-1",
        fromPort: 0,
        toPort: 0,
        self: false,
        securityGroups: ["444455556666/sg-3"],
        description: "theirs",
      },
    ]);
  });

  it("change with the fewest requests", () => {
    expect(
      ruleChanges([from("10.1.0.0/16", "10.2.0.0/16")], [from("10.2.0.0/16"), { ...https, self: true }]),
    ).to.deep.equal({ revoked: [from("10.1.0.0/16")], authorized: [{ ...https, self: true }] });
    expect(ruleChanges([from("10.1.0.0/16")], [from("10.1.0.0/16")])).to.deep.equal({
      revoked: [],
      authorized: [],
    });
  });

  it("are sent without ports for all traffic", () => {
    const all: Rule = {
      protocol: "-1",
      fromPort: 0,
      toPort: 0,
      self: true,
      cidrBlocks: ["0.0.0.0/0"],
      ipv6CidrBlocks: ["::/0"],
      prefixListIds: ["pl-1"],
      securityGroups: ["444455556666/sg-3"],
      description: "all",
    };
    expect(toPermission(all, "sg-1")).to.deep.equal({
      IpProtocol: "-1",
      IpRanges: [{ CidrIp: "0.0.0.0/0", Description: "all" }],
      Ipv6Ranges: [{ CidrIpv6: "::/0", Description: "all" }],
      PrefixListIds: [{ PrefixListId: "pl-1", Description: "all" }],
      UserIdGroupPairs: [
        { GroupId: "sg-3", UserId: "444455556666", Description: "all" },
        { GroupId: "sg-1", Description: "all" },
      ],
    });
    expect(toPermission(from("10.1.0.0/16"), "sg-1")).to.deep.equal({
      IpProtocol: "tcp",
      FromPort: 443,
      ToPort: 443,
      IpRanges: [{ CidrIp: "10.1.0.0/16" }],
    });
  });
});
