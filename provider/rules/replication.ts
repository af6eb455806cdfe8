import {
  DeleteBucketReplicationCommand,
  GetBucketReplicationCommand,
  PutBucketReplicationCommand,
  type ReplicationRule,
} from "@aws-sdk/client-s3";
import { isAbsent } from "../../connection/errors/absent.ts";
import { undefinedIf } from "../../connection/errors/failure.ts";
import { replicationRuleId } from "../../staging/classes.ts";
import { UserError } from "../../staging/errors.ts";
import { REGIONS } from "../../staging/regions.ts";
import type { BucketRule } from "../../staging/resources/bucket-rules.ts";
import { assertRoom, type ConfigurationKind, type Target } from "./configuration.ts";

const OURS: ReadonlySet<string> = new Set(REGIONS.map(replicationRuleId));

const asRule = (rule: BucketRule): ReplicationRule => rule as unknown as ReplicationRule;

/** @returns undefined if the bucket has no such configuration */
export async function readReplication({ client, bucket, signal }: Target) {
  const command = new GetBucketReplicationCommand({ Bucket: bucket });
  const found = await undefinedIf(isAbsent, client.send(command, { abortSignal: signal }));
  return found?.ReplicationConfiguration;
}

/** The replication configuration of a bucket. All its rules share one role. */
export const replicationKind: ConfigurationKind = {
  title: "replication rules",
  idOf: (rule) => asRule(rule).ID,
  isOurs: (id) => OURS.has(id),

  async get(target) {
    const found = await readReplication(target);
    return found && { rules: (found.Rules ?? []) as unknown as BucketRule[], rest: { Role: found.Role } };
  },

  async put({ client, bucket, signal }, { rules, rest }) {
    await client.send(
      new PutBucketReplicationCommand({
        Bucket: bucket,
        ReplicationConfiguration: {
          Role: rest["Role"] as string,
          Rules: rules as unknown as ReplicationRule[],
        },
      }),
      { abortSignal: signal },
    );
  },

  async remove({ client, bucket, signal }) {
    await client.send(new DeleteBucketReplicationCommand({ Bucket: bucket }), { abortSignal: signal });
  },

  merge(bucket, users, ours, role) {
    const currentRole = users.rest["Role"];
    if (users.rules.length > 0 && currentRole !== role)
      throw roleConflict(bucket, users.rules, String(currentRole));
    const rules = [...users.rules, ...withUniquePriorities(users.rules, ours)];
    assertRoom(bucket, "replication rules", users.rules, ours);
    return { rules, rest: { Role: role } };
  },
};

function roleConflict(bucket: string, rules: readonly BucketRule[], role: string): UserError {
  const ids = rules.map((rule) => asRule(rule).ID ?? "a rule without an ID");
  const shown = ids.slice(0, 3).join(", ") + (ids.length > 3 ? `, and ${ids.length - 3} more` : "");
  return new UserError(`the bucket ${bucket} already replicates by your own rules: ${shown}`, {
    why: `S3 replicates by all rules of a bucket with one role. Theirs is ${role}, and with ours they would stop to work.`,
    fix: `Use another bucket for staging; or, if they are not needed any more: aws s3api delete-bucket-replication --bucket ${bucket}`,
  });
}

/** S3 rejects two rules with the same priority. If one is taken, spawn's rules go above the user's. */
function withUniquePriorities(
  users: readonly BucketRule[],
  ours: readonly BucketRule[],
): readonly BucketRule[] {
  const taken = users.map((rule) => asRule(rule).Priority ?? 0);
  if (!ours.some((rule) => taken.includes(asRule(rule).Priority ?? 0))) return ours;
  const highest = Math.max(...taken);
  return ours.map((rule) => ({ ...rule, Priority: highest + (asRule(rule).Priority ?? 0) }));
}
