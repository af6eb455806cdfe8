import { parseAccountId } from "../accounts.ts";
import { DEFAULT_NAME_PREFIX, type EnvironmentSettings } from "../environment.ts";
import type { CommandText } from "../option.ts";
import { parseRegionList, type Region } from "../regions.ts";
import { matchesPattern } from "./pattern.ts";
import { environmentPolicy, POLICY_NAMES, type PolicyName } from "./policies.ts";

/**
 * `User: arn:… is not authorized to perform: s3:PutObject on resource: …`. S3 has this text since 2024, for requests
 * within an account or an organization; other denials name no action.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html#access-denied-message-examples
 */
const ACTION = /not authorized to perform: (?<action>[a-z0-9-]+:[A-Za-z]+)/;

/** The denied action; undefined if AWS does not name it. */
export const deniedAction = (text: string): string | undefined => ACTION.exec(text)?.groups?.["action"];

/** The smallest policy that has an action; the stager's policy if the action is unknown. */
function policyWith(action: string | undefined): PolicyName {
  const has = (name: PolicyName): boolean => {
    const actions = environmentPolicy(name, ANY, NO_ACCOUNT).Statement.flatMap(({ Action }) => Action);
    return actions.some((pattern) => matchesPattern(pattern, action ?? ""));
  };
  if (action === undefined) return "stager";
  // Workers run no command of spawn.
  return [...POLICY_NAMES].reverse().find((name) => name !== "worker" && has(name)) ?? "operator";
}

/**
 * The fix for a denial: the command that prints the permissions, for the administrator of the account.
 * @param text the message from AWS
 */
export function permissionsHint(text: string, command: CommandText): string {
  const action = deniedAction(text);
  const what =
    action === undefined ? "the necessary permissions" : `${action} and the other permissions of such users`;
  return `${command(`spawn environment policy ${policyWith(action)}`)} prints ${what}: ask the account's administrator to grant them. To see the credentials in use: aws sts get-caller-identity`;
}

/** The actions of a policy do not depend on the environment. */
const REGIONS = parseRegionList("us-east-1,us-west-2");
const NAMES: ReadonlyMap<Region, string> = new Map(REGIONS.map((region) => [region, `any-${region}`]));
const TABLES = { recordsTable: "any-records", usageTable: "any-usage", sweepsTable: "any-sweeps" };
const ANY: EnvironmentSettings = {
  ...{ name: "any", cloud: "local", regions: REGIONS, namePrefix: DEFAULT_NAME_PREFIX, buckets: NAMES },
  ...{ adopted: new Set(), readers: [], tableRegion: REGIONS[0], ...TABLES },
  keys: { buckets: NAMES, unnamedBuckets: new Set(), tableRegion: "", ...TABLES },
};
const NO_ACCOUNT = parseAccountId("000000000000");
