import type { AccountId } from "./accounts.ts";
import type { EnvironmentSettings } from "./environment.ts";
import { parseRegion, type Region } from "./regions.ts";

/**
 * The state of the stacks can be in a bucket, so that every machine with credentials of the account uses the same
 * state. The bucket serves all environments with the same `spawn:namePrefix` in one account: their stacks have
 * different names.
 */

/** The tag of a bucket that `environment bootstrap` created. Its value is {@link STATE_TAG_VALUE}. */
export const STATE_TAG = "spawn:state";
export const STATE_TAG_VALUE = "pulumi";

/** IDs of the settings that `environment bootstrap` adds beside the user's. */
export const STATE_RULE = "spawn-state-old-versions";
export const STATE_SID = "SpawnStateDenyPlainHttp";

/** Days for which an overwritten or deleted version of the state is kept. */
export const OLD_VERSION_DAYS = 90;

/** The location of a state in S3. */
export interface StatePlace {
  readonly bucket: string;
  readonly region: Region;
}

/** The default name of the bucket. With the account, a collision is unlikely. */
export const stateBucketName = (
  { namePrefix }: Pick<EnvironmentSettings, "namePrefix">,
  account: AccountId,
  region: Region,
): string => `${namePrefix}-state-${account}-${region}`;

/** The backend URL for Pulumi: https://www.pulumi.com/docs/iac/concepts/state-and-backends/#aws-s3 */
export const stateUrlOfBucket = ({ bucket, region }: StatePlace): string => `s3://${bucket}?region=${region}`;

/** The location in a backend's URL, if it has the form of {@link stateUrlOfBucket}. */
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

/** The account in a default bucket name. */
export const accountInName = (bucket: string): string | undefined =>
  /-state-(\d{12})-[a-z]{2}[a-z-]*-\d$/.exec(bucket)?.[1];

/** The environment's own stack, and those of its entries and sweeps. */
export const isStackOf = (environment: string, stack: string): boolean =>
  stack === environment || stack.startsWith(`${environment}.`);
