import {
  DeleteBucketReplicationCommand,
  GetBucketReplicationCommand,
  PutBucketReplicationCommand,
} from "@aws-sdk/client-s3";
import type { CheckFailure, Json, Properties } from "../../../provider/plugin/types.ts";
import { containsUnknowns } from "../../../provider/plugin/values.ts";
import { list, string } from "../../../staging/schema/fields.ts";
import { mustMatch } from "../problem.ts";
import { s3 } from "../sdk/s3.ts";
import { defineBucketConfiguration } from "./bucket-configuration.ts";
import { fromReplicationRule, replicationRule, toReplicationRule } from "./replication-rules.ts";

const roleArnProblem = mustMatch(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, "is not the ARN of a role");

export default defineBucketConfiguration({
  title: "replication of the bucket",
  fields: {
    role: string({ required: true, problem: roleArnProblem }),
    rules: list(replicationRule, { required: true, min: 1, keyOf: (rule) => rule.id }),
    token: string({ unreported: true }),
  },
  absent: ["ReplicationConfigurationNotFoundError"],
  check: samePriorities,
  put: (bucket, { role, rules, token }, call) =>
    s3(call).send(
      new PutBucketReplicationCommand({
        Bucket: bucket,
        ReplicationConfiguration: { Role: role, Rules: rules.map(toReplicationRule) },
        Token: token || undefined,
      }),
    ),
  async get(bucket, call) {
    const { ReplicationConfiguration } = await s3(call).send(
      new GetBucketReplicationCommand({ Bucket: bucket }),
    );
    const { Role = "", Rules = [] } = ReplicationConfiguration ?? {};
    return Rules.length === 0 ? undefined : { role: Role, rules: Rules.map(fromReplicationRule) };
  },
  inForce(wanted, { rules = [] }) {
    const actual = new Map(rules.map((rule) => [rule.id, rule.status]));
    return (
      actual.size === wanted.rules.length && wanted.rules.every(({ id, status }) => actual.get(id) === status)
    );
  },
  // moto returns no filters: https://github.com/getmoto/moto/blob/master/moto/s3/responses.py
  recalled(told, { rules }) {
    if (told?.rules === undefined) return told;
    const known = new Map(rules.map(({ id, filter }) => [id, filter]));
    return { ...told, rules: told.rules.map((rule) => withFilter(rule, known.get(rule.id))) };
  },
  remove: (bucket, call) => s3(call).send(new DeleteBucketReplicationCommand({ Bucket: bucket })),
});

type Rule = ReturnType<typeof fromReplicationRule>;

/** The rule with a filter that its server has dropped. */
function withFilter(rule: Rule, known: Rule["filter"] | undefined): Rule {
  const isForgotten = Object.values(rule.filter ?? {}).every((part) => part === undefined);
  return isForgotten && known !== undefined ? { ...rule, filter: known } : rule;
}

/** S3 refuses rules of the same priority with the same destination. */
function samePriorities(inputs: Properties): CheckFailure[] {
  const rules = inputs["rules"];
  if (containsUnknowns(rules) || !Array.isArray(rules)) return [];
  const seen = new Set<string>();
  return rules.flatMap((rule: Json, index): CheckFailure[] => {
    const { priority = 0, destination } = rule as { priority?: number; destination: { bucket: string } };
    const key = `${priority} ${destination.bucket}`;
    const twice = seen.has(key);
    seen.add(key);
    return twice
      ? [
          {
            property: `rules[${index}].priority`,
            reason: `another rule to ${destination.bucket} has ${priority} too`,
          },
        ]
      : [];
  });
}
