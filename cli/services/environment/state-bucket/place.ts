import type { AccountId } from "../../../../staging/accounts.ts";
import { type EnvironmentSettings, parseBucketName } from "../../../../staging/environment.ts";
import type { Region } from "../../../../staging/regions.ts";
import { shellQuoted } from "../../../../staging/shell.ts";
import { type StatePlace, stateBucketName, statePlaceOf } from "../../../../staging/state-bucket.ts";
import { commandLine } from "../../../command-line.ts";

export interface BootstrapOptions {
  /** @default the region of the tables */
  readonly region: Region | undefined;
  /** @default a name with the account and the region */
  readonly bucket: string | undefined;
}

/** The properties of an environment that the name of its state's bucket depends on. */
export interface StateOwner {
  readonly settings: Pick<EnvironmentSettings, "name" | "namePrefix" | "tableRegion">;
  readonly account: AccountId;
}

/**
 * The bucket that the options name. Without options it is the bucket in use, so that the command can be repeated and undone.
 * @param url of the backend in use
 */
export function placeFor(
  { settings, account }: StateOwner,
  options: BootstrapOptions,
  url: string | undefined,
): StatePlace {
  const { region = settings.tableRegion, bucket } = options;
  const inUse = statePlaceOf(url);
  if (inUse !== undefined && bucket === undefined && options.region === undefined) return inUse;
  if (bucket !== undefined) return { bucket: parseBucketName(bucket), region };
  return { bucket: stateBucketName(settings, account, region), region };
}

/** The fix for a bucket that cannot be used. */
export const otherName = (environment: string): string =>
  `${commandLine("spawn environment bootstrap --bucket NAME", environment)}, with a name that is free`;

/** The command for this bucket, with the flags for a machine that does not know the bucket. */
export function bootstrapCommand(
  { settings, account }: StateOwner,
  { bucket, region }: StatePlace,
  flag?: "--migrate" | "--delete",
): string {
  const isUsual = bucket === stateBucketName(settings, account, region);
  const flags = [
    ...(flag === undefined ? [] : [flag]),
    ...(isUsual ? [] : [`--bucket ${shellQuoted(bucket)}`]),
    ...(region === settings.tableRegion ? [] : [`--region ${shellQuoted(region)}`]),
  ];
  return commandLine(["spawn environment bootstrap", ...flags].join(" "), settings.name);
}
