import { expect } from "chai";
import { adoptedLifecycleRules } from "../../../components/lifecycle-rules.ts";
import { type Configuration, usersPart } from "../../../provider/rules/configuration.ts";
import { lifecycleKind } from "../../../provider/rules/lifecycle.ts";
import { policyKind } from "../../../provider/rules/policy.ts";
import { replicationKind } from "../../../provider/rules/replication.ts";
import { UserError } from "../../../staging/errors.ts";
import type { BucketRule } from "../../../staging/resources/bucket-rules.ts";

const OURS = adoptedLifecycleRules();
const only = (...rules: BucketRule[]): Configuration => ({ rules, rest: {} });
const expiring = (ID: string, more: object): BucketRule => ({
  ID,
  Status: "Enabled",
  Expiration: { Days: 9 },
  ...more,
});

function refusalOf(work: () => unknown): UserError {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

describe("Lifecycle rules beside a user's", () => {
  it("give old-form rules a filter, and restore their form after the removal", () => {
    const users = only(expiring("a", { Prefix: "" }), expiring("b", { Prefix: "logs/" }));
    const merged = lifecycleKind.merge("b", users, OURS);
    expect(merged.rules.slice(0, 2)).to.deep.equal([
      expiring("a", { Filter: { Prefix: "" } }),
      expiring("b", { Filter: { Prefix: "logs/" } }),
    ]);
    const before = lifecycleKind.remember?.(users) ?? "";
    expect(lifecycleKind.restored?.(usersPart(lifecycleKind, merged), before)).to.deep.equal(users);
  });

  it("keep the new form if the user added such a rule, because S3 refuses a mix", () => {
    const users = only(expiring("a", { Prefix: "" }));
    const before = lifecycleKind.remember?.(users) ?? "";
    const now = only(expiring("a", { Filter: { Prefix: "" } }), expiring("c", { Filter: { Prefix: "x" } }));
    expect(lifecycleKind.restored?.(now, before)).to.deep.equal(now);
  });

  describe("restored to their own form", () => {
    const users = only(expiring("a", { Prefix: "logs/" }), expiring("b", { Prefix: "" }));
    const before = lifecycleKind.remember?.(users) ?? "";
    const restored = (current: Configuration) => lifecycleKind.restored?.(current, before);

    it("keep the form of rules that were never changed or are already restored", () => {
      expect(restored(users)).to.deep.equal(users);
      const once = restored(usersPart(lifecycleKind, lifecycleKind.merge("b", users, OURS)));
      expect(once).to.deep.equal(users);
      expect(restored(once ?? only())).to.deep.equal(users);
    });

    it("keep all filters that were added since", () => {
      const Tag = { Key: "team", Value: "x" };
      for (const Filter of [
        { Tag },
        { And: { Prefix: "logs/", Tags: [Tag] } },
        { ObjectSizeGreaterThan: 5 },
        { Prefix: "logs/", ObjectSizeLessThan: 5 },
        {},
      ]) {
        const now = only(expiring("a", { Filter }), expiring("b", { Filter: { Prefix: "" } }));
        expect(restored(now)).to.deep.equal(now);
      }
    });

    it("stay unchanged if some of them have neither a filter nor the new form", () => {
      const now = only(expiring("a", { Filter: { Prefix: "logs/" } }), expiring("b", {}));
      expect(restored(now)).to.deep.equal(now);
    });
  });

  it("keep rules with filters unchanged", () => {
    const users = only(expiring("a", { Filter: { Prefix: "" } }));
    expect(lifecycleKind.remember?.(users)).to.equal(undefined);
    expect(lifecycleKind.merge("b", users, OURS).rules).to.deep.equal([...users.rules, ...OURS]);
  });

  it("are at most 1,000", () => {
    const many = (count: number) =>
      only(...Array.from({ length: count }, (_, index) => expiring(`r${index}`, { Filter: {} })));
    expect(lifecycleKind.merge("b", many(909), OURS).rules).to.have.length(1_000);
    const error = refusalOf(() => lifecycleKind.merge("b", many(910), OURS));
    expect(error.message).to.equal("the bucket b has no room for 91 more lifecycle rules");
    expect(error.why).to.equal("S3 allows 1000, and the bucket already has 910.");
  });

  it("are recognised by their IDs alone", () => {
    for (const id of ["spawn-ttl-1", "spawn-ttl-90", "spawn-housekeeping"]) {
      expect(lifecycleKind.isOurs(id), id).to.equal(true);
    }
    for (const id of ["spawn-ttl-0", "spawn-ttl-91", "spawn-ttl-", "cleanup"]) {
      expect(lifecycleKind.isOurs(id), id).to.equal(false);
    }
  });
});

describe("Replication rules beside a user's", () => {
  const ours = [{ ID: "spawn-replicate-us-west-2", Status: "Enabled", Priority: 4 }];

  it("get higher priorities than the user's only if two would be equal", () => {
    const users = (Priority: number) => ({ rules: [{ ID: "mine", Priority }], rest: { Role: "r" } });
    const priorities = (theirs: number) =>
      replicationKind.merge("b", users(theirs), ours, "r").rules.map(({ Priority }) => Priority);
    expect(priorities(4)).to.deep.equal([4, 8]);
    expect(priorities(9)).to.deep.equal([9, 4]);
  });

  it("replace a configuration without the user's rules, whatever its role", () => {
    const merged = replicationKind.merge("b", { rules: [], rest: { Role: "old" } }, ours, "new");
    expect(merged).to.deep.equal({ rules: ours, rest: { Role: "new" } });
  });
});

describe("Statements beside those of a user's policy", () => {
  const statement = { Sid: "Mine", Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "*" };
  const ours = [{ Sid: "SpawnStagingDelegateToAccessPoints", Effect: "Allow" }];

  it("keep the policy's version and ID, and add a version if there is no policy", () => {
    const users = { rules: [statement], rest: { Version: "2008-10-17", Id: "p", text: "{…}" } };
    expect(policyKind.merge("b", users, ours).rest).to.deep.equal({ Version: "2008-10-17", Id: "p" });
    expect(policyKind.merge("b", only(), ours).rest).to.deep.equal({ Version: "2012-10-17" });
  });

  it("are refused if the user's policy version does not support their variables", () => {
    const variable = { StringLike: { "s3:ExistingObjectTag/x": `*\${aws:PrincipalAccount}*` } };
    const withVariable = [{ Sid: "SpawnStagingReadTagged", Effect: "Allow", Condition: variable }];
    for (const rest of [{ Version: "2008-10-17" }, {}]) {
      const error = refusalOf(() => policyKind.merge("b", { rules: [statement], rest }, withVariable));
      expect(error.message).to.equal(
        "the policy of the bucket b cannot take the statements for spawn:readers",
      );
      expect(error.fix).to.contain("2012-10-17");
      policyKind.merge("b", { rules: [statement], rest }, ours);
    }
    policyKind.merge("b", { rules: [], rest: {} }, withVariable);
    policyKind.merge("b", { rules: [statement], rest: { Version: "2012-10-17" } }, withVariable);
  });

  it("restore the user's text only while its meaning is the same", () => {
    const before = JSON.stringify({ Version: "2012-10-17", Statement: statement }, null, 2);
    const rest = { Version: "2012-10-17", text: "with ours" };
    const same = policyKind.restored?.({ rules: [statement], rest }, before);
    expect(same?.rest).to.have.property("exactText", before);
    const changed = { rules: [{ ...statement, Effect: "Allow" }], rest };
    expect(policyKind.restored?.(changed, before)).to.equal(changed);
  });

  it("fit into 20 KB", () => {
    const long = only({ ...statement, Resource: "x".repeat(20_480) });
    const error = refusalOf(() => policyKind.merge("b", long, ours));
    expect(error.message).to.equal("the policy of the bucket b has no room for our statements");
  });
});
