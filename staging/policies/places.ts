import type { AccountId } from "../accounts.ts";
import { type EnvironmentSettings, replicationRoleName } from "../environment.ts";
import { ID_DIGITS, ID_PREFIX } from "../ids.ts";
import type { Region } from "../regions.ts";
import { SWEEP_DIGITS, SWEEP_PREFIX } from "../sweep/id.ts";
import type { Condition } from "./document.ts";

/** The ID of any entry or sweep, as a pattern of a policy. */
const ANY_ENTRY = `${ID_PREFIX}${"?".repeat(ID_DIGITS)}`;
const ANY_SWEEP = `${SWEEP_PREFIX}${"?".repeat(SWEEP_DIGITS)}`;

/** The ARNs of an environment's resources in AWS. */
export interface Places {
  /** `aws`, `aws-cn` or `aws-us-gov`. */
  readonly partition: string;
  readonly account: AccountId;
  readonly buckets: readonly string[];
  /** The objects of all entries. */
  readonly entries: readonly string[];
  /** The logs of all sweeps. */
  readonly logs: readonly string[];
  /** Pattern of the keys of all entries: a prefix of a listing. */
  readonly anyEntry: string;
  readonly tables: { readonly records: string; readonly usage: string; readonly sweeps: string };
  /** Tables and their indexes. */
  readonly allTables: readonly string[];
  /** The access points of entries, in all regions. */
  readonly accessPoints: string;
  readonly replicationRole: string;
  /** Resources of sweeps with any ID. Security groups and launch templates are identified by their tags. */
  readonly sweeps: {
    readonly role: string;
    readonly instanceProfile: string;
    readonly group: string;
    readonly securityGroups: string;
    readonly launchTemplates: string;
  };
  /** An S3 name does not identify its owner: another account can create a deleted bucket again. */
  readonly owned: Condition;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** @param account that of the environment */
export function placesOf(settings: EnvironmentSettings, account: AccountId): Places {
  const { namePrefix, tableRegion, recordsTable, usageTable, sweepsTable } = settings;
  const partition = partitionOf(settings.regions[0]);
  const arn = (service: string, region: Region | "*" | "", resource: string): string =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const buckets = [...settings.buckets.values()].map((bucket) => `arn:${partition}:s3:::${bucket}`);
  const table = (name: string): string => arn("dynamodb", tableRegion, `table/${name}`);
  const tables = { records: table(recordsTable), usage: table(usageTable), sweeps: table(sweepsTable) };
  const sweep = `${namePrefix}-${ANY_SWEEP}`;
  return {
    partition,
    account,
    buckets,
    entries: buckets.map((bucket) => `${bucket}/${ANY_ENTRY}/*`),
    logs: buckets.map((bucket) => `${bucket}/${ANY_SWEEP}/logs/*`),
    anyEntry: `${ANY_ENTRY}/*`,
    tables,
    allTables: Object.values(tables).flatMap((each) => [each, `${each}/index/*`]),
    accessPoints: arn("s3", "*", `accesspoint/${namePrefix}-${ANY_ENTRY}`),
    replicationRole: arn("iam", "", `role/${replicationRoleName(settings)}`),
    sweeps: {
      role: arn("iam", "", `role/${sweep}`),
      instanceProfile: arn("iam", "", `instance-profile/${sweep}`),
      group: arn("autoscaling", "*", `autoScalingGroup:*:autoScalingGroupName/${sweep}`),
      securityGroups: arn("ec2", "*", "security-group/*"),
      launchTemplates: arn("ec2", "*", "launch-template/*"),
    },
    owned: { StringEquals: { "aws:ResourceAccount": account } },
  };
}
