/** An Allow statement of an IAM policy. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Condition;
}

export type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** A policy of an IAM role, user or group. */
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

/**
 * Maximum characters of a managed policy, and of all inline policies of a role, without white space.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const MAX_CHARACTERS = { managed: 6_144, inline: 10_240 } as const;

/** The text of a policy that counts towards {@link MAX_CHARACTERS}. */
export const charactersOf = (document: PolicyDocument): number =>
  JSON.stringify(document).replaceAll(/\s/g, "").length;

export const policyOf = (statements: readonly Statement[]): PolicyDocument => ({
  Version: "2012-10-17",
  Statement: statements,
});

/** @param actions names of one service or, with their prefix, of several */
export const allow = (
  Sid: string,
  Action: Statement["Action"],
  Resource: Statement["Resource"],
  Condition?: Condition,
): Statement => ({
  Sid,
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});

/** `actionsOf("s3", "GetObject")` is `["s3:GetObject"]`. */
export const actionsOf = (service: string, ...names: readonly string[]): string[] =>
  names.map((name) => `${service}:${name}`);
