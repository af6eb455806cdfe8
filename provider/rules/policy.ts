import {
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
} from "@aws-sdk/client-s3";
import { isAbsent } from "../../connection/errors/absent.ts";
import { undefinedIf } from "../../connection/errors/failure.ts";
import { UserError } from "../../staging/errors.ts";
import type { BucketRule } from "../../staging/resources/bucket-rules.ts";
import { canonicalJson } from "../../staging/schema/json.ts";
import { isRecord } from "../../staging/type-guards.ts";
import type { Configuration, ConfigurationKind } from "./configuration.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html */
const MAX_BYTES = 20_480;
/** The prefix of the Sid of spawn's statements. */
const SID_PREFIX = "SpawnStaging";
/**
 * In a policy with the older version, or without a version, variables are plain text, which matches no account.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
 */
const VERSION = "2012-10-17";

/** The policy of a bucket. Its statements are the rules. */
export const policyKind: ConfigurationKind = {
  title: "policy statements",
  idOf: ({ Sid }) => (typeof Sid === "string" ? Sid : undefined),
  isOurs: (id) => id.startsWith(SID_PREFIX),

  async get({ client, bucket, signal }) {
    const command = new GetBucketPolicyCommand({ Bucket: bucket });
    const found = await undefinedIf(isAbsent, client.send(command, { abortSignal: signal }));
    return found?.Policy === undefined ? undefined : parsePolicy(bucket, found.Policy);
  },

  async put({ client, bucket, signal }, configuration) {
    const command = new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyText(configuration) });
    await client.send(command, { abortSignal: signal });
  },

  async remove({ client, bucket, signal }) {
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }), { abortSignal: signal });
  },

  merge(bucket, users, ours) {
    const rest = users.rules.length === 0 ? { Version: VERSION } : document(users);
    refuseVariables(bucket, rest, ours);
    const merged = { rules: [...users.rules, ...ours], rest };
    const bytes = Buffer.byteLength(policyText(merged));
    if (bytes > MAX_BYTES) {
      throw new UserError(`the policy of the bucket ${bucket} has no room for our statements`, {
        why: `It would have ${bytes} bytes, and S3 allows ${MAX_BYTES}.`,
        fix: "Shorten the policy, or use a bucket of its own for staging.",
      });
    }
    return merged;
  },

  // A rebuilt policy loses its white space, and a single statement becomes a list.
  remember(users) {
    const { text } = users.rest;
    return typeof text === "string" && text !== policyText(users) ? text : undefined;
  },

  restored(users, before) {
    const { rules, rest } = parsePolicy("", before);
    const unchanged =
      canonicalJson(rules) === canonicalJson(users.rules) &&
      canonicalJson(document({ rules, rest })) === canonicalJson(document(users));
    return unchanged ? { rules, rest: { ...document(users), exactText: before } } : users;
  },
};

function parsePolicy(bucket: string, text: string): Configuration {
  const policy: unknown = JSON.parse(text);
  if (!isRecord(policy)) throw new UserError(`the policy of the bucket ${bucket} cannot be read`);
  const { Statement, ...rest } = policy;
  const rules = (Array.isArray(Statement) ? Statement : [Statement]) as BucketRule[];
  return { rules, rest: { ...rest, text } };
}

/** The policy without its statements: its version and ID. */
function document({ rest }: Configuration): Record<string, unknown> {
  const { text, exactText, ...others } = rest;
  return others;
}

/** Rejects a policy version without variables: the readers' accounts could not read, although `stage info` lists them. */
function refuseVariables(
  bucket: string,
  { Version }: Record<string, unknown>,
  ours: readonly BucketRule[],
): void {
  if (Version === VERSION || !JSON.stringify(ours).includes("${")) return;
  throw new UserError(`the policy of the bucket ${bucket} cannot take the statements for spawn:readers`, {
    why: `${typeof Version === "string" ? `Its Version is ${Version}` : "It has no Version"}, and only ${VERSION} knows the variable in them.`,
    fix: `Set "Version": "${VERSION}" in the policy of ${bucket}, or take spawn:readers out of the environment's settings.`,
  });
}

function policyText(configuration: Configuration): string {
  const { exactText } = configuration.rest;
  if (typeof exactText === "string") return exactText;
  return JSON.stringify({ ...document(configuration), Statement: configuration.rules });
}
