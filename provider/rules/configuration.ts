import type { S3Client } from "@aws-sdk/client-s3";
import type { BucketRule } from "../../staging/resources.ts";
import { canonicalJson } from "../../staging/schema/json.ts";

/** A bucket and how to reach it. */
export interface Target {
  readonly client: S3Client;
  readonly bucket: string;
  readonly signal: AbortSignal;
}

/** One of a bucket's configurations, taken apart. */
export interface Configuration {
  readonly rules: readonly BucketRule[];
  /** What belongs to all rules together, such as the role. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** How S3 keeps a configuration of which a bucket has one: read and written whole, in which rules are told by their ids. */
export interface ConfigurationKind {
  /** As in "the lifecycle rules of the bucket b". */
  readonly title: string;
  idOf(rule: BucketRule): string | undefined;
  /** Whether a rule of this id is one of ours, wanted or not. */
  isOurs(id: string): boolean;
  /** Undefined where the bucket has none. */
  get(target: Target): Promise<Configuration | undefined>;
  put(target: Target, configuration: Configuration): Promise<void>;
  remove(target: Target): Promise<void>;
  /**
   * The configuration with our rules beside the user's.
   * @throws UserError where they cannot be together
   */
  merge(bucket: string, users: Configuration, ours: readonly BucketRule[], role?: string): Configuration;
  /** What {@link restored} needs, where {@link merge} writes the user's part in another form. */
  remember?(users: Configuration): string | undefined;
  /** The user's part in the form that it had, unless it was changed since. */
  restored?(users: Configuration, before: string): Configuration;
}

/** The configuration without our rules. */
export function usersPart(kind: ConfigurationKind, { rules, rest }: Configuration): Configuration {
  return { rules: rules.filter((rule) => !isOurRule(kind, rule)), rest };
}

export function isOurRule(kind: ConfigurationKind, rule: BucketRule): boolean {
  const id = kind.idOf(rule);
  return id !== undefined && kind.isOurs(id);
}

/**
 * {@link canonicalJson} for rules, of which S3 gives lists of texts back in its own form: in another order, and one text without its list.
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
