import { explained } from "../../../../provider/store/explain.ts";
import type { Region } from "../../../../staging/regions.ts";
import type { SweepId } from "../../../../staging/sweep/id.ts";
import { securityGroupName, sweepResourceName } from "../../../../staging/sweep/names.ts";
import type { Context } from "../../../context.ts";
import type { StateResource } from "../../../engine/state.ts";
import type { UpdateOptions } from "../../../engine/update.ts";
import { ec2Remains, groupRemains } from "./fleet.ts";
import { REMAIN_KINDS, type Remain } from "./remain.ts";
import { roleRemains } from "./role.ts";

/** An Auto Scaling group in the stack's state. */
export const GROUP_TYPE = "aws:autoscaling/group:Group";

/** The types in the stack's state. */
const TYPES: Readonly<Record<Remain["kind"], string>> = {
  "Auto Scaling group": GROUP_TYPE,
  "launch template": "aws:ec2/launchTemplate:LaunchTemplate",
  "security group": "aws:ec2/securityGroup:SecurityGroup",
  "instance profile": "aws:iam/instanceProfile:InstanceProfile",
  role: "aws:iam/role:Role",
};

/**
 * Finds resources of a sweep that AWS has and the stack's state lacks, by their names. An engine that was killed during a creation does not
 * know whether the resource exists: it would fail to create it again, or leave it behind after a deletion.
 * @param known the resources of the state
 */
export async function findSweepRemains(
  context: Pick<Context, "clientConfig" | "iam" | "settings">,
  id: SweepId,
  regions: Iterable<Region>,
  known: readonly StateResource[] = [],
): Promise<Remain[]> {
  const [settings, { makeAutoScalingClient }, { makeEc2Client }] = await Promise.all([
    context.settings(),
    import("../../../clients/auto-scaling.ts"),
    import("../../../clients/ec2.ts"),
  ]);
  const name = sweepResourceName(settings, id);
  const securityGroup = securityGroupName(settings, id);
  const inRegion = async (region: Region): Promise<Remain[][]> => {
    const [autoScaling, ec2] = await Promise.all([
      context.clientConfig("AUTO_SCALING", region),
      context.clientConfig("EC2", region),
    ]);
    const names = { region, name, securityGroup };
    return await Promise.all([
      groupRemains(makeAutoScalingClient(autoScaling), names),
      ec2Remains(makeEc2Client(ec2), names),
    ]);
  };
  const found = await explained(`looking for the remains of ${id}`, () =>
    Promise.all([
      context.iam().then((client) => roleRemains(client, name)),
      ...[...new Set(regions)].map(async (region) => (await inRegion(region)).flat()),
    ]),
  );
  return found.flat().filter((remain) => !known.some((resource) => isSame(remain, resource)));
}

const isSame = ({ kind, name, region }: Remain, { type, inputs }: StateResource): boolean =>
  type === TYPES[kind] &&
  inputs?.["name"] === name &&
  (region === undefined || inputs?.["region"] === region);

/** Deletes the result of {@link findSweepRemains}, and reports each resource, because the engine does not know them. */
export async function removeSweepRemains(
  remains: readonly Remain[],
  { signal = new AbortController().signal, onNote }: Pick<UpdateOptions, "signal" | "onNote">,
): Promise<void> {
  for (const kind of REMAIN_KINDS) {
    await Promise.all(
      remains
        .filter((remain) => remain.kind === kind)
        .map(async ({ name, region, remove }) => {
          const what = `the ${kind} ${name}${region === undefined ? "" : ` in ${region}`}`;
          await explained(`deleting ${what}`, () => remove(signal));
          onNote?.(`Deleted ${what}, which the stack does not have.`, "info");
        }),
    );
  }
}
