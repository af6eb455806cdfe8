import type { Violation } from "./imports.ts";

/** A pattern of source text that is allowed in some files only. */
interface TextRule {
  readonly rule: string;
  readonly comment: string;
  readonly pattern: RegExp;
  readonly allowedIn: RegExp;
}

const RULES: readonly TextRule[] = [
  {
    rule: "no-module-state",
    comment:
      "State belongs to an object that its user creates. Type a constant as ReadonlySet, ReadonlyMap or readonly array.",
    pattern:
      /^(?:export )?(?:let (?<variable>\w+)|const (?<constant>\w+)(?:: (?!Readonly|readonly)[^=]+)? = (?:new (?!(?:RegExp|Date|Intl|AbortController|TextDecoder)\b)\w+|\[\];|\{\};))/gm,
    allowedIn: /\/main\.ts$/,
  },
  {
    rule: "no-client-outside-factory",
    comment: "A factory gives a client its credentials, endpoint, proxy and certificate authorities.",
    pattern: /\bnew (?<client>S3|S3Control|DynamoDB|IAM|STS|EC2|AutoScaling|ServiceQuotas|SSM)Client\(/g,
    allowedIn:
      /^(provider|connection|cli\/clients|local\/aws-plugin\/sdk)\/|^local\/machines\/aws-instances\.ts$/,
  },
];

/**
 * Module-level state, and AWS clients that no factory makes, in code that users run.
 * @param file its path from the root of the repository
 */
export function violationsIn(file: string, text: string): Violation[] {
  return RULES.filter(({ allowedIn }) => !allowedIn.test(file)).flatMap(({ rule, comment, pattern }) =>
    [...text.matchAll(pattern)].map(({ groups = {} }) => {
      const [name = ""] = Object.values(groups).filter((value) => value !== undefined);
      return { rule, comment, from: file, to: name };
    }),
  );
}
