import { DescribeScheduledActionsCommand, SetDesiredCapacityCommand } from "@aws-sdk/client-auto-scaling";
import { expect } from "chai";
import { autoScalingGroups, createAutoScalingClients } from "../../../provider/sweep/auto-scaling.ts";
import { MissingGroup, type SweepGroups } from "../../../provider/sweep/groups.ts";
import { UserError } from "../../../staging/errors.ts";
import { SweepCloud as LocalGroups } from "../../local/sweep-cloud.ts";
import { errorOf } from "../../support/failure.ts";
import { PRIMARY, TestContext } from "../cloud-fixture.ts";
import { GROUP, runInputs, SweepCloud } from "./sweep-cloud.ts";

describe("the groups of a sweep", () => {
  let cloud: SweepCloud;
  let local: LocalGroups;
  let groups: SweepGroups;
  const { signal } = new AbortController();
  before(async () => {
    cloud = await SweepCloud.start();
    local = new LocalGroups(cloud.fixture.cloud, PRIMARY);
    groups = autoScalingGroups(createAutoScalingClients());
    await local.group(GROUP, { MaxSize: 2 });
  });
  after(async () => {
    local.destroy();
    await cloud.stop();
  });

  it("report their capacity, and accept another one and a deadline", async () => {
    expect(await groups.find(PRIMARY, GROUP, signal)).to.deep.equal({ desired: 0, max: 2 });
    await groups.setDesired(PRIMARY, GROUP, 1, signal);
    expect(await groups.find(PRIMARY, GROUP, signal)).to.deep.equal({ desired: 1, max: 2 });
    for (const at of [new Date("2100-01-01T00:00:00Z"), new Date("2100-01-02T00:00:00Z")])
      await groups.endAt(PRIMARY, GROUP, at, signal);
    const { ScheduledUpdateGroupActions: actions = [] } = await local.groups.send(
      new DescribeScheduledActionsCommand({ AutoScalingGroupName: GROUP }),
    );
    expect(
      actions.map((action) => [action.ScheduledActionName, action.DesiredCapacity, action.StartTime]),
    ).to.deep.equal([["spawn-deadline", 0, new Date("2100-01-02T00:00:00Z")]]);
    expect(actions[0]?.MaxSize).to.equal(undefined);
    await groups.setDesired(PRIMARY, GROUP, 0, signal);
  });

  it("are named if they are missing or refuse a request", async () => {
    expect(await groups.find(PRIMARY, "no-such-group", signal)).to.equal(undefined);
    for (const request of [
      groups.setDesired(PRIMARY, "no-such-group", 1, signal),
      groups.endAt(PRIMARY, "no-such-group", new Date("2100-01-01T00:00:00Z"), signal),
    ])
      expect(await errorOf(request)).to.be.instanceOf(MissingGroup);
    const error = await errorOf(groups.setDesired(PRIMARY, GROUP, 3, signal));
    expect(error).to.be.instanceOf(UserError);
    expect(error.message).to.equal(`setting the workers in ${PRIMARY} to 3 failed`);
    expect((error as UserError).why).to.match(/^ValidationError: .*max/);
  });

  it("receive a retry while they are busy", async () => {
    let asked = 0;
    const clients = createAutoScalingClients();
    clients(PRIMARY).middlewareStack.add(
      (next, context) => (args) => {
        if (context.commandName !== SetDesiredCapacityCommand.name || ++asked > 1) return next(args);
        throw Object.assign(new Error("busy"), { name: "ScalingActivityInProgressFault" });
      },
      { step: "initialize" },
    );
    await autoScalingGroups(clients).setDesired(PRIMARY, GROUP, 0, signal);
    expect(asked).to.equal(2);
  });

  it("run the workers of a sweep until it is deleted", async () => {
    cloud.now = new Date();
    const inputs = runInputs({
      count: 3,
      regions: [{ region: PRIMARY, start: 0, end: 3, workers: 2, group: GROUP }],
    });
    const { id, outputs } = await cloud.handler(groups).create(inputs, new TestContext());
    expect(await groups.find(PRIMARY, GROUP, signal)).to.deep.equal({ desired: 2, max: 2 });
    await cloud.handler(groups).delete(id, outputs, new TestContext());
    expect(await groups.find(PRIMARY, GROUP, signal)).to.deep.equal({ desired: 0, max: 2 });
  });
});
