import type { AccountId } from "../accounts.ts";
import { InputError } from "../errors.ts";
import type { Condition } from "./document.ts";

interface Trust {
  readonly Effect: "Allow";
  readonly Principal: { readonly Federated: string };
  readonly Action: "sts:AssumeRoleWithWebIdentity";
  readonly Condition: Condition;
}

/** A trust policy of a role for the jobs of a pipeline. */
export interface TrustDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly [Trust];
}

/** A name of GitHub or GitLab. GitHub's immutable subjects append the ID: `octocat@123456/genomes@456789`. */
const NAME = "[A-Za-z0-9_.-]+";
const NAME_AND_ID = `${NAME}(?:@[0-9]+)?`;

interface Issuer {
  readonly host: string;
  readonly audience: string;
  readonly form: RegExp;
  readonly subject: (repository: string, where: string) => string;
}

const ISSUERS: readonly Issuer[] = [
  {
    // https://docs.github.com/en/actions/reference/security/oidc
    host: "token.actions.githubusercontent.com",
    audience: "sts.amazonaws.com",
    form: new RegExp(`^github:(?<repository>${NAME_AND_ID}/${NAME_AND_ID}):environment:(?<where>[^:*?]+)$`),
    subject: (repository, where) => `repo:${repository}:environment:${where}`,
  },
  {
    // https://docs.gitlab.com/ci/cloud_services/
    host: "gitlab.com",
    audience: "https://gitlab.com",
    form: new RegExp(`^gitlab:(?<repository>${NAME}(?:/${NAME})+):branch:(?<where>[^:?]+)$`),
    subject: (repository, where) => `project_path:${repository}:ref_type:branch:ref:${where}`,
  },
];

/**
 * The trust policy of a role that jobs of one pipeline assume by OIDC, without keys.
 * @param who `github:OWNER/REPO:environment:NAME` or `gitlab:GROUP/PROJECT:branch:NAME`; GitLab's branch may be `*`
 * @param partition of the account: `aws`
 * @throws InputError if `who` has another form
 */
export function trustPolicy(who: string, account: AccountId, partition: string): TrustDocument {
  for (const { host, audience, form, subject } of ISSUERS) {
    const { repository, where } = form.exec(who)?.groups ?? {};
    if (repository === undefined || where === undefined) continue;
    const sub = { [`${host}:sub`]: subject(repository, where) };
    const aud = { [`${host}:aud`]: audience };
    const Condition: Trust["Condition"] = where.includes("*")
      ? { StringEquals: aud, StringLike: sub }
      : { StringEquals: { ...aud, ...sub } };
    const Federated = `arn:${partition}:iam::${account}:oidc-provider/${host}`;
    const statement = {
      Effect: "Allow",
      Principal: { Federated },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition,
    } as const;
    return { Version: "2012-10-17", Statement: [statement] };
  }
  throw new InputError(`--trust ${JSON.stringify(who)} names no pipeline`, {
    why: "A role for a pipeline trusts the jobs of one GitHub environment, or of one GitLab branch.",
    fix: "Use --trust github:OWNER/REPO:environment:NAME, or --trust gitlab:GROUP/PROJECT:branch:NAME.",
  });
}
