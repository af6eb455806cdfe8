import { type _InstanceType, DescribeInstanceTypesCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { GetServiceQuotaCommand, type ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import type { Region } from "../../../../staging/regions.ts";
import type { SweepPlan } from "../../../../staging/sweep/plan.ts";
import { type VcpuQuota, vcpuQuotaOf } from "../../../../staging/sweep/vcpu-quotas.ts";
import { formatInteger } from "../../../../staging/units.ts";

export const QUOTA_PERMISSIONS = "servicequotas:GetServiceQuota and ec2:DescribeInstanceTypes";

/** The AWS clients of a region. */
interface QuotaClients {
  readonly ec2: EC2Client;
  readonly quotas: ServiceQuotasClient;
}

/**
 * Compares the vCPUs of a region's workers with the quotas of the account. A small quota makes a sweep slow but does not fail it: the group
 * retries when instances end. Other instances of the account are not counted.
 * @returns a warning for each quota that is too small for all workers
 */
export async function quotaWarnings(
  region: Region,
  workers: number,
  { instanceTypes }: Pick<SweepPlan, "instanceTypes">,
  spot: boolean,
  { ec2, quotas }: QuotaClients,
): Promise<string[]> {
  const needs = neededVcpus(await vcpusOf(instanceTypes, ec2), spot);
  const warnings = await Promise.all(
    [...needs].map(async ([code, { name, vcpus }]) => {
      const { Quota } = await quotas.send(
        new GetServiceQuotaCommand({ ServiceCode: "ec2", QuotaCode: code }),
      );
      const limit = Quota?.Value;
      const needed = vcpus * workers;
      if (limit === undefined || limit >= needed) return [];
      const fitting = Math.floor(limit / vcpus);
      const effect =
        fitting === 0
          ? "so that none of them can start"
          : `so at most ${formatInteger(fitting)} run at a time, and the sweep takes longer`;
      return [
        `${region}: ${formatInteger(workers)} workers need ${formatInteger(needed)} vCPUs, and the quota "${name}" (${code}) is ${formatInteger(limit)}, ${effect}. To request more: aws service-quotas request-service-quota-increase --region ${region} --service-code ec2 --quota-code ${code} --desired-value ${needed}`,
      ];
    }),
  );
  return warnings.flat();
}

interface Need extends VcpuQuota {
  readonly vcpus: number;
}

/** By quota, the vCPUs of its smallest type, of which most workers fit. */
function neededVcpus(types: ReadonlyMap<string, number>, spot: boolean): ReadonlyMap<string, Need> {
  const needs = new Map<string, Need>();
  for (const [type, vcpus] of types) {
    const quota = vcpuQuotaOf(type, spot);
    if (quota === undefined) continue;
    const before = needs.get(quota.code);
    if (before === undefined || before.vcpus > vcpus) needs.set(quota.code, { ...quota, vcpus });
  }
  return needs;
}

async function vcpusOf(types: readonly string[], ec2: EC2Client): Promise<ReadonlyMap<string, number>> {
  const { InstanceTypes = [] } = await ec2.send(
    // The SDK's enumeration is never complete, because AWS adds types.
    new DescribeInstanceTypesCommand({ InstanceTypes: types as _InstanceType[] }),
  );
  return new Map(
    InstanceTypes.flatMap(({ InstanceType: type, VCpuInfo }): [string, number][] =>
      type === undefined || VCpuInfo?.DefaultVCpus === undefined ? [] : [[type, VCpuInfo.DefaultVCpus]],
    ),
  );
}
