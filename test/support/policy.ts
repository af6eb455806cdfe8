/** Evaluates the part of IAM's language that our policies use: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html */

interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: { readonly AWS?: string | readonly string[]; readonly Service?: string };
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Policy {
  readonly Statement: readonly Statement[];
}

export interface Request {
  /** Account of the principal. */
  readonly account: string;
  readonly action: string;
  readonly resource: string;
  /** Condition keys of the request; a key that is missing here is missing there. */
  readonly context: Readonly<Record<string, string>>;
}

export const policyOf = (text: string): Policy => JSON.parse(text) as Policy;

/** The decision of one policy about a request: `none` if no statement applies. */
export function verdict(policy: Policy, request: Request): "allow" | "deny" | "none" {
  const applying = policy.Statement.filter((statement) => applies(statement, request));
  if (applying.some(({ Effect }) => Effect === "Deny")) return "deny";
  return applying.length > 0 ? "allow" : "none";
}

function applies({ Principal, Action, Resource, Condition = {} }: Statement, request: Request): boolean {
  return (
    (Principal === undefined || isPrincipal(Principal, request.account)) &&
    listOf(Action).some((pattern) => isLike(request.action.toLowerCase(), pattern.toLowerCase())) &&
    listOf(Resource).some((pattern) => isLike(request.resource, pattern)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => isMet(operator, request.context[key], listOf(wanted))),
    )
  );
}

const isPrincipal = ({ AWS }: NonNullable<Statement["Principal"]>, account: string): boolean =>
  AWS !== undefined && listOf(AWS).some((arn) => arn === "*" || arn === `arn:aws:iam::${account}:root`);

function isMet(operator: string, value: string | undefined, wanted: readonly string[]): boolean {
  if (value === undefined) return false;
  if (operator === "StringEquals" || operator === "Bool") return wanted.includes(value);
  if (operator === "StringLike") return wanted.some((pattern) => isLike(value, pattern));
  throw new Error(`the evaluator does not know ${operator}`);
}

/** `*` is any text, `?` one character. */
function isLike(text: string, pattern: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s").test(text);
}

const listOf = (value: string | readonly string[]): readonly string[] =>
  typeof value === "string" ? [value] : value;
