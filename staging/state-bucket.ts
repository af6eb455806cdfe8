import type { AccountId } from "./accounts.ts";
import type { EnvironmentSettings } from "./environment.ts";
import { parseRegion, type Region } from "./regions.ts";

/*
 * The state of the stacks can be kept in a bucket, so that every machine with credentials of the account works on the same one. The
 * bucket is for all environments with the same `spawn:namePrefix` in one account: Pulumi keeps their stacks apart by their names.
 */

/** The tag of a bucket that `environment bootstrap` has made. Its value is {@link STATE_TAG_VALUE}. */
export const STATE_TAG = "spawn:state";
export const STATE_TAG_VALUE = "pulumi";

/** Ids of what `environment bootstrap` sets beside settings of the user's own. */
export const STATE_RULE = "spawn-state-old-versions";
export const STATE_SID = "SpawnStateDenyPlainHttp";

/** Days for which an overwritten or deleted version of the state is kept. */
export const OLD_VERSION_DAYS = 90;

/** A place of the state on S3. */
export interface StatePlace {
  readonly bucket: string;
  readonly region: Region;
}

/** The default name of the bucket. The account makes it unlikely that somebody else has the name. */
export const stateBucketName = (
  { namePrefix }: Pick<EnvironmentSettings, "namePrefix">,
  account: AccountId,
  region: Region,
): string => `${namePrefix}-state-${account}-${region}`;

/** The backend in the words of Pulumi: https://www.pulumi.com/docs/iac/concepts/state-and-backends/#aws-s3 */
export const stateUrlOfBucket = ({ bucket, region }: StatePlace): string => `s3://${bucket}?region=${region}`;

/** The place that a backend's URL names, if it has the form of {@link stateUrlOfBucket}. */
export function statePlaceOf(url: string | undefined): StatePlace | undefined {
  const { bucket, region } =
    /^s3:\/\/(?<bucket>[^/?#]+)\?region=(?<region>[\w-]+)$/.exec(url ?? "")?.groups ?? {};
  if (bucket === undefined || region === undefined) return undefined;
  try {
    return { bucket, region: parseRegion(region) };
  } catch {
    return undefined; // a region that this version does not know: only the engine uses it
  }
}

/** The account that a default name says the bucket is in. */
export const accountInName = (bucket: string): string | undefined =>
  /-state-(\d{12})-[a-z]{2}[a-z-]*-\d$/.exec(bucket)?.[1];

/** The environment's own stack, and those of its entries and sweeps. */
export const isStackOf = (environment: string, stack: string): boolean =>
  stack === environment || stack.startsWith(`${environment}.`);
