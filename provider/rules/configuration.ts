import { UserError } from "../../staging/errors.ts";
import type { BucketRule } from "../../staging/resources/bucket-rules.ts";
import { canonicalJson } from "../../staging/schema/json.ts";
import type { SdkClient } from "../store/sdk-client.ts";

/** A bucket, its client, and the signal that aborts the requests. */
export interface Target {
  readonly client: SdkClient;
  readonly bucket: string;
  readonly signal: AbortSignal;
}

/** One of a bucket's configurations, split into its parts. */
export interface Configuration {
  readonly rules: readonly BucketRule[];
  /** The settings that apply to all rules, such as the role. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** A kind of configuration that S3 stores once per bucket. It is read and written as a whole, and its rules have IDs. */
export interface ConfigurationKind {
  /** As in "the lifecycle rules of the bucket b". */
  readonly title: string;
  idOf(rule: BucketRule): string | undefined;
  /** Whether spawn owns the rule with this ID, even if it is no longer wanted. */
  isOurs(id: string): boolean;
  /** Undefined if the bucket has no such configuration. */
  get(target: Target): Promise<Configuration | undefined>;
  put(target: Target, configuration: Configuration): Promise<void>;
  remove(target: Target): Promise<void>;
  /**
   * Adds spawn's rules to the user's.
   * @throws UserError if they conflict
   */
  merge(bucket: string, users: Configuration, ours: readonly BucketRule[], role?: string): Configuration;
  /** The original form of the user's part, for {@link restored}; undefined if {@link merge} keeps that form. */
  remember?(users: Configuration): string | undefined;
  /** The user's part in its original form, unless it has changed since. */
  restored?(users: Configuration, before: string): Configuration;
}

/**
 * The limit of rules of one kind.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html
 */
const MAX_RULES = 1_000;

/** @throws UserError if the bucket has no room for spawn's rules */
export function assertRoom(
  bucket: string,
  title: string,
  users: readonly BucketRule[],
  ours: readonly BucketRule[],
): void {
  if (users.length + ours.length <= MAX_RULES) return;
  throw new UserError(`the bucket ${bucket} has no room for ${ours.length} more ${title}`, {
    why: `S3 allows ${MAX_RULES}, and the bucket already has ${users.length}.`,
    fix: "Remove rules that are not needed any more, or use a bucket of its own for staging.",
  });
}

/** The configuration without spawn's rules. */
export function usersPart(kind: ConfigurationKind, { rules, rest }: Configuration): Configuration {
  return { rules: rules.filter((rule) => !isOurRule(kind, rule)), rest };
}

export function isOurRule(kind: ConfigurationKind, rule: BucketRule): boolean {
  const id = kind.idOf(rule);
  return id !== undefined && kind.isOurs(id);
}

/**
 * {@link canonicalJson} for rules. S3 may return a list of strings in a different order, and a list of one string as a plain string.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export const meaningOf = (value: unknown): string =>
  canonicalJson(withSets(JSON.parse(JSON.stringify(value ?? null))));

function withSets(value: unknown): unknown {
  if (Array.isArray(value)) {
    if (!value.every((item) => typeof item === "string")) return value.map(withSets);
    return value.length === 1 ? value[0] : value.toSorted();
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSets(item)]));
}
