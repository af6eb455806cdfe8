import { UserError } from "../../staging/errors.ts";
import { matchesPattern } from "../../staging/policies/pattern.ts";
import type { BucketRule } from "../../staging/resources/bucket-rules.ts";
import { isRecord } from "../../staging/type-guards.ts";

/** The actions that every entry needs on its objects. */
const NEEDED = [
  "s3:PutObject",
  "s3:PutObjectTagging",
  "s3:GetObject",
  "s3:GetObjectTagging",
  "s3:DeleteObject",
  "s3:DeleteObjectVersion",
  "s3:AbortMultipartUpload",
];

/** Conditions that spawn always meets: it never uses plain HTTP or an old TLS version. */
const TRANSPORT_KEYS: ReadonlySet<string> = new Set(["aws:securetransport", "s3:tlsversion"]);

/** A possible key of an entry's object. */
const SAMPLE_KEY = "stage-0123456789ab/file";

/**
 * Finds statements of a bucket's policy that deny actions that entries need. A Deny overrides every Allow, so another policy cannot
 * permit them. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * @param statements of the bucket's policy
 * @returns warnings about actions that are denied under some conditions
 * @throws UserError if a needed action is always denied
 */
export function checkDenials(bucket: string, statements: readonly BucketRule[]): string[] {
  const warnings: string[] = [];
  for (const [index, statement] of statements.entries()) {
    if (statement["Effect"] !== "Deny" || !coversEntries(bucket, statement)) continue;
    const denied = NEEDED.filter((action) => coversAction(statement, action));
    if (denied.length === 0) continue;
    const { Sid } = statement;
    const name = typeof Sid === "string" ? `statement ${Sid}` : `statement ${index + 1}`;
    const keys = conditionKeys(statement);
    if (appliesToEverybody(statement) && (keys.length === 0 || requiresEncryptionHeader(statement))) {
      throw denies(bucket, name, denied, keys);
    }
    if (keys.length > 0 && keys.every((key) => TRANSPORT_KEYS.has(key.toLowerCase()))) continue;
    warnings.push(
      `The policy of your bucket ${bucket} (${name}) denies ${denied.join(", ")} ${describeScope(statement, keys)}. Uploads, replicas, reads or deletions that it meets will fail with 403.`,
    );
  }
  return warnings;
}

function denies(bucket: string, name: string, denied: readonly string[], keys: readonly string[]): UserError {
  const why =
    keys.length === 0
      ? "It applies to everybody and has no condition."
      : `It asks for a header (${keys.join(", ")}) that spawn does not send: S3 encrypts every object by the bucket's default encryption.`;
  return new UserError(
    `the bucket ${bucket} cannot be adopted: its policy (${name}) denies ${denied.join(", ")}`,
    {
      why,
      fix: `Remove the statement, or except ${bucket}/stage-* from it. To see the policy: aws s3api get-bucket-policy --bucket ${bucket}`,
    },
  );
}

function describeScope(statement: BucketRule, keys: readonly string[]): string {
  const principals = appliesToEverybody(statement) ? "" : "to some principals";
  const when = keys.length === 0 ? "" : `depending on ${keys.join(", ")}`;
  return [principals, when].filter(Boolean).join(", ");
}

const textsOf = (value: unknown): string[] =>
  [value].flat().filter((text): text is string => typeof text === "string");

const coversEntries = (bucket: string, { Resource, NotResource }: BucketRule): boolean =>
  covers(`arn:aws:s3:::${bucket}/${SAMPLE_KEY}`, Resource, NotResource);

const coversAction = ({ Action, NotAction }: BucketRule, action: string): boolean =>
  covers(action, Action, NotAction);

/** @param others patterns of the values that are not covered, in place of `patterns` */
function covers(value: string, patterns: unknown, others: unknown): boolean {
  const isIn = (given: unknown): boolean => textsOf(given).some((pattern) => matchesPattern(pattern, value));
  return patterns === undefined ? others !== undefined && !isIn(others) : isIn(patterns);
}

function appliesToEverybody({ Principal }: BucketRule): boolean {
  return Principal === "*" || (isRecord(Principal) && textsOf(Principal["AWS"]).includes("*"));
}

const conditionsOf = ({ Condition }: BucketRule): [operator: string, keys: Record<string, unknown>][] =>
  isRecord(Condition)
    ? Object.entries(Condition).filter((pair): pair is [string, Record<string, unknown>] => isRecord(pair[1]))
    : [];

const conditionKeys = (statement: BucketRule): string[] => [
  ...new Set(conditionsOf(statement).flatMap(([, keys]) => Object.keys(keys))),
];

/**
 * Whether the conditions match every request without an encryption header: negated operators match an absent key.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
function requiresEncryptionHeader(statement: BucketRule): boolean {
  const conditions = conditionsOf(statement);
  return (
    conditions.length > 0 &&
    conditions.every(([operator, keys]) =>
      Object.entries(keys).every(
        ([key, value]) =>
          key.toLowerCase().startsWith("s3:x-amz-server-side-encryption") &&
          (/^StringNot(Equals|EqualsIgnoreCase|Like)$/i.test(operator) ||
            (/^Null$/i.test(operator) && textsOf([value].flat().map(String)).includes("true"))),
      ),
    )
  );
}
