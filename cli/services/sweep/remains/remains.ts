import { explained } from "../../../../provider/store/explain.ts";
import type { Region } from "../../../../staging/regions.ts";
import type { SweepId } from "../../../../staging/sweep/id.ts";
import { securityGroupName, sweepResourceName } from "../../../../staging/sweep/names.ts";
import type { Context } from "../../../context.ts";
import type { StateResource } from "../../../engine/state.ts";
import type { UpdateOptions } from "../../../engine/update.ts";
import { fleetRemains } from "./fleet.ts";
import { REMAIN_KINDS, type Remain } from "./remain.ts";
import { roleRemains } from "./role.ts";

/** An Auto Scaling group in the stack's state. */
export const GROUP_TYPE = "aws:autoscaling/group:Group";

/** As the stack's state calls them. */
const TYPES: Readonly<Record<Remain["kind"], string>> = {
  "Auto Scaling group": GROUP_TYPE,
  "launch template": "aws:ec2/launchTemplate:LaunchTemplate",
  "security group": "aws:ec2/securityGroup:SecurityGroup",
  "instance profile": "aws:iam/instanceProfile:InstanceProfile",
  role: "aws:iam/role:Role",
};

/**
 * Looks for what AWS has of a sweep and a stack's state does not, by its names. An engine that was killed while it made a resource does not
 * know whether it is there: it would try to make it again, and fail, or leave it behind at a deletion.
 * @param known the resources of the state
 */
export async function findSweepRemains(
  context: Pick<Context, "clientConfig" | "iam" | "settings">,
  id: SweepId,
  regions: Iterable<Region>,
  known: readonly StateResource[] = [],
): Promise<Remain[]> {
  const settings = await context.settings();
  const name = sweepResourceName(settings, id);
  const securityGroup = securityGroupName(settings, id);
  const found = await explained(`looking for what is left of ${id}`, () =>
    Promise.all([
      roleRemains(context, name),
      ...[...new Set(regions)].map((region) => fleetRemains(context, { region, name, securityGroup })),
    ]),
  );
  return found.flat().filter((remain) => !known.some((resource) => isSame(remain, resource)));
}

const isSame = ({ kind, name, region }: Remain, { type, inputs }: StateResource): boolean =>
  type === TYPES[kind] &&
  inputs?.["name"] === name &&
  (region === undefined || inputs?.["region"] === region);

/** Deletes what {@link findSweepRemains} has found; says so, since the engine does not. */
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
