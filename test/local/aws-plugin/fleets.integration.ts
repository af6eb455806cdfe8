import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from "@aws-sdk/client-auto-scaling";
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity.js";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { expect } from "chai";
import { SweepFleet } from "../../../components/sweep-fleet.ts";
import { SweepRole } from "../../../components/sweep-role.ts";
import { lookUpPlaces } from "../../../stacks/sweep-places.ts";
import { readWorkerTemplates } from "../../../stacks/worker-templates.ts";
import { renderUserData } from "../../../staging/sweep/user-data.ts";
import { workerFacts } from "../../../staging/sweep/worker-facts.ts";
import { environmentSettings } from "../../components/settings.ts";
import { sweepSpec } from "../../staging/sweep/sweep-spec.ts";
import { expectNothingToDo, withEngineCloud } from "./engine-cloud.ts";

/*
 * The role and the fleets of a sweep, as its components declare them, without its run, which starts and ends workers.
 */
describe("fleets of a sweep on the local cloud", () => {
  const environment = environmentSettings();
  const spec = sweepSpec({ managedPolicies: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"], spot: true });
  const { workers } = spec.regions[0];
  const group = `spawn-${spec.id}`;
  // The stack; the role, its two policies and its profile; in each of two regions a group, a template and a security group; three components.
  const resources = 1 + 4 + 2 * 3 + 3;
  let groups: AutoScalingClient;
  let stack: Stack;

  withEngineCloud(async (engine) => {
    const { endpoint, keys } = engine.cloud;
    groups = new AutoScalingClient({ endpoint, region: spec.regions[0].region, credentials: keys });
    const templates = await readWorkerTemplates();
    const userData = Buffer.from(renderUserData(templates, workerFacts(spec, environment))).toString(
      "base64",
    );
    stack = await engine.newStack("fleets", async () => {
      const places = await lookUpPlaces(spec, {});
      const { accountId } = getCallerIdentityOutput();
      const role = new SweepRole("workers", { spec, environment, accountId });
      for (const share of spec.regions) {
        const place = places.get(share.region);
        if (place === undefined) throw new Error(`no place in ${share.region}`);
        new SweepFleet(share.region, { spec, environment, share, place, userData, role });
      }
      return {};
    });
    return [groups];
  });

  const describe = async () => {
    const request = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
    return (await groups.send(request)).AutoScalingGroups?.[0];
  };

  it("are previewed", async () => {
    expect((await stack.preview()).changeSummary).to.deep.equal({ create: resources });
    expect(await describe()).to.equal(undefined);
  });

  it("are created empty, and then show no change", async () => {
    expect((await stack.up()).summary.resourceChanges).to.deep.equal({ create: resources });
    expect(await describe()).to.include({ MinSize: 0, MaxSize: workers, DesiredCapacity: 0 });
    await expectNothingToDo(stack, resources);
  });

  it("show no change while workers run", async () => {
    await groups.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 4 }));
    await expectNothingToDo(stack, resources);
    expect((await describe())?.DesiredCapacity).to.equal(4);
  });

  it("are removed with the workers", async () => {
    expect((await stack.destroy({ remove: true })).summary.resourceChanges).to.deep.equal({
      delete: resources,
    });
    expect(await describe()).to.equal(undefined);
  });
});
