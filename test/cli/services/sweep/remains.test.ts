import type { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import type { EC2Client } from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";
import { expect } from "chai";
import type { StateResource } from "../../../../cli/engine/state.ts";
import { ec2Remains, groupRemains } from "../../../../cli/services/sweep/remains/fleet.ts";
import { REMAIN_KINDS } from "../../../../cli/services/sweep/remains/remain.ts";
import { findSweepRemains, removeSweepRemains } from "../../../../cli/services/sweep/remains/remains.ts";
import { roleRemains } from "../../../../cli/services/sweep/remains/role.ts";
import { awsError, errorOf, failureOf } from "../../../support/failure.ts";
import { fakeClient, type Responses } from "../../../support/fake-client.ts";
import { fullSettings } from "../../records.ts";
import { EAST, SWEEP, WEST } from "../../sweep-items.ts";

const NAMES = { region: EAST, name: "spawn-sweep", securityGroup: "spawn-sweep-workers" };
const PATIENCE = { attempts: 3, firstDelayMs: 1, maxDelayMs: 1, pollMs: 1, polls: 3 };
const { signal } = new AbortController();

/** Responds with each in turn, and with the last one from then on. */
const inTurn = (...responses: readonly unknown[]) => {
  let at = 0;
  return () => responses[Math.min(at++, responses.length - 1)];
};

describe("The group of a sweep that its stack lacks", () => {
  const there = { AutoScalingGroups: [{ AutoScalingGroupName: NAMES.name }] };
  const find = async (describe: () => unknown, remove: () => unknown = () => ({})) => {
    const { client, sent } = fakeClient<AutoScalingClient>({
      DescribeAutoScalingGroupsCommand: describe,
      DeleteAutoScalingGroupCommand: remove,
    });
    const [group] = await groupRemains(client, NAMES, PATIENCE);
    return { group, deletions: () => sent.filter(({ name }) => name.startsWith("Delete")) };
  };

  it("is deleted with its instances; the deletion waits until it is gone", async () => {
    const { group, deletions } = await find(inTurn(there, there, there, {}));
    await group?.remove(signal);
    expect(deletions().map(({ input }) => input)).to.deep.equal([
      { AutoScalingGroupName: NAMES.name, ForceDelete: true },
    ]);
  });

  it("is deleted again while AWS is busy with it, and not if it is gone by then", async () => {
    const busy = await find(
      inTurn(there, there, there, {}),
      inTurn(awsError("ScalingActivityInProgressFault"), {}),
    );
    await busy.group?.remove(signal);
    expect(busy.deletions()).to.have.length(2);
    const gone = await find(inTurn(there, {}));
    await gone.group?.remove(signal);
    expect(gone.deletions()).to.deep.equal([]);
  });

  it("that does not end is an error with the way on, and other errors are thrown", async () => {
    const endless = await find(() => there);
    const error = await failureOf(endless.group?.remove(signal) ?? Promise.resolve());
    expect(error.message).to.equal("the Auto Scaling group spawn-sweep in us-east-1 is still being deleted");
    const denied = await find(
      () => there,
      () => awsError("AccessDenied"),
    );
    expect(await errorOf(denied.group?.remove(signal) ?? Promise.resolve())).to.include({
      name: "AccessDenied",
    });
  });

  it("is only the one with exactly its name", async () => {
    expect((await find(() => ({ AutoScalingGroups: [{ AutoScalingGroupName: "other" }] }))).group).to.equal(
      undefined,
    );
  });
});

describe("The launch template and the security group of a sweep that its stack lacks", () => {
  const found: Responses = {
    DescribeLaunchTemplatesCommand: () => ({
      LaunchTemplates: [
        { LaunchTemplateName: NAMES.name, LaunchTemplateId: "lt-1" },
        { LaunchTemplateName: `${NAMES.name}-2`, LaunchTemplateId: "lt-2" },
      ],
    }),
    DescribeSecurityGroupsCommand: () => ({
      SecurityGroups: [{ GroupName: NAMES.securityGroup, GroupId: "sg-1" }],
    }),
  };

  it("are deleted by their IDs, after the instances that use them", async () => {
    const { client, sent } = fakeClient<EC2Client>({
      ...found,
      DeleteLaunchTemplateCommand: () => ({}),
      DeleteSecurityGroupCommand: inTurn(awsError("DependencyViolation"), {}),
    });
    for (const remain of await ec2Remains(client, NAMES, PATIENCE)) await remain.remove(signal);
    expect(sent.slice(2).map(({ input }) => input)).to.deep.equal([
      { LaunchTemplateId: "lt-1" },
      { GroupId: "sg-1" },
      { GroupId: "sg-1" },
    ]);
  });

  it("may be gone already", async () => {
    const { client } = fakeClient<EC2Client>({
      ...found,
      DeleteLaunchTemplateCommand: () => awsError("InvalidLaunchTemplateId.NotFound"),
      DeleteSecurityGroupCommand: () => awsError("InvalidGroup.NotFound"),
    });
    for (const remain of await ec2Remains(client, NAMES, PATIENCE)) await remain.remove(signal);
  });
});

describe("The role of a sweep that its stack lacks", () => {
  const gone = () => awsError("NoSuchEntityException");
  const find = (responses: Responses) => {
    const { client, sent } = fakeClient(responses, IAMClient.prototype);
    return { remains: roleRemains(client, "spawn-sweep"), sent };
  };

  it("is absent, with its instance profile, if IAM does not know the name", async () => {
    expect(await find({ GetInstanceProfileCommand: gone, GetRoleCommand: gone }).remains).to.deep.equal([]);
  });

  it("leaves the instance profile, and the instance profile the role, before either is deleted", async () => {
    const ok = () => ({});
    const { remains, sent } = find({
      GetInstanceProfileCommand: () => ({ InstanceProfile: { Roles: [{ RoleName: "spawn-sweep" }] } }),
      GetRoleCommand: ok,
      RemoveRoleFromInstanceProfileCommand: gone,
      DeleteInstanceProfileCommand: ok,
      ListRolePoliciesCommand: () => ({ PolicyNames: ["inline"] }),
      DeleteRolePolicyCommand: ok,
      ListAttachedRolePoliciesCommand: () => ({ AttachedPolicies: [{ PolicyArn: "arn:attached" }] }),
      DetachRolePolicyCommand: ok,
      DeleteRoleCommand: ok,
    });
    const found = await remains;
    expect(found.map(({ kind }) => kind)).to.deep.equal(["instance profile", "role"]);
    for (const remain of found) await remain.remove(signal);
    const writes = sent.map(({ name }) => name).filter((name) => !/^(Get|List)/.test(name));
    expect(writes).to.deep.equal([
      "RemoveRoleFromInstanceProfileCommand",
      "DeleteInstanceProfileCommand",
      "DeleteRolePolicyCommand",
      "DetachRolePolicyCommand",
      "DeleteRoleCommand",
    ]);
  });
});

describe("The remains of a sweep", () => {
  it("are the resources under its names that the stack's state lacks", async () => {
    const role = { urn: "role", type: "aws:iam/role:Role", inputs: { name: `spawn-${SWEEP}` } };
    const { client } = fakeClient<IAMClient>({
      GetInstanceProfileCommand: () => awsError("NoSuchEntityException"),
      GetRoleCommand: () => ({}),
    });
    const context = {
      settings: async () => fullSettings(),
      iam: async () => client,
      clientConfig: () => Promise.reject(new Error("no region was named")),
    };
    const find = (known: readonly StateResource[]) => findSweepRemains(context, SWEEP, [], known);
    for (const other of [
      { ...role, type: "aws:iam/policy:Policy" },
      { ...role, inputs: { name: "other" } },
    ])
      expect((await find([other])).map(({ name }) => name)).to.deep.equal([`spawn-${SWEEP}`]);
    expect(await find([role])).to.deep.equal([]);
  });

  it("are deleted in the order of their dependencies, and reported", async () => {
    const log: string[] = [];
    const notes: string[] = [];
    const remains = [...REMAIN_KINDS].reverse().flatMap((kind) =>
      (kind === "role" ? [undefined] : [EAST, WEST]).map((region) => ({
        ...{ kind, name: "x", ...(region === undefined ? {} : { region }) },
        remove: async () => void log.push(kind),
      })),
    );
    await removeSweepRemains(remains, { onNote: (text) => notes.push(text) });
    expect([...new Set(log)]).to.deep.equal(REMAIN_KINDS);
    expect(notes).to.have.length(9);
    expect(notes[0]).to.equal(
      "Deleted the Auto Scaling group x in us-east-1, which the stack does not have.",
    );
    expect(notes.at(-1)).to.equal("Deleted the role x, which the stack does not have.");
  });
});
