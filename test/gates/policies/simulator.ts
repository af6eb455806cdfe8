import { join } from "node:path";
import { accountOfArn } from "../../../staging/accounts.ts";
import { answerOf } from "./program.ts";

/** A request to AWS, and the policies that decide it. */
export interface Asked {
  /** The principal's ARN, or the name of a service. */
  readonly principal: string;
  /** The text of the principal's policy. @default everything, the worst case */
  readonly identity?: string;
  readonly action: string;
  readonly resource: string;
  /** The account of the resource. */
  readonly owner: string;
  /** The text of the resource's policy. @default none */
  readonly policy?: string;
  /** Context keys that not every request has. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

export interface Answer {
  readonly verdict?: "Allowed" | "ExplicitlyDenied" | "ImplicitlyDenied";
  /** Context keys that AWS does not document for this action: a condition on one of them is never met. */
  readonly ignored?: readonly string[];
  /** The reason why the request or a policy is invalid. */
  readonly error?: unknown;
}

const PROGRAM = join(import.meta.dirname, "simulate-program.ts");
const EVERYTHING = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Action: "*", Resource: "*" },
});

/** Simulates all requests in one separate process. */
export async function simulate(requests: readonly Asked[]): Promise<readonly Answer[]> {
  const asked = known(JSON.stringify(requests.map(simulationOf)));
  return (await answerOf(process.execPath, [PROGRAM], asked)) as Answer[];
}

/**
 * The simulator does not know that the policy of a bucket behind an access point sees the point's account, and that this makes a
 * statement for everybody non-public. Another key, which counts the same, stands for it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
const known = (text: string): string => text.replaceAll("s3:DataAccessPointAccount", "aws:SourceAccount");

function simulationOf({ principal, identity = EVERYTHING, policy, context, ...asked }: Asked) {
  const account = accountOfArn(principal);
  return {
    request: {
      principal,
      action: asked.action,
      resource: { resource: asked.resource, accountId: asked.owner },
      contextVariables: {
        "aws:SecureTransport": "true",
        "aws:ResourceAccount": asked.owner,
        ...(account === undefined ? {} : { "aws:PrincipalAccount": account }),
        ...context,
      },
    },
    // A service has no policy of its own.
    identityPolicies: account === undefined ? [] : [{ name: "own", policy: JSON.parse(identity) }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(policy === undefined ? {} : { resourcePolicy: JSON.parse(policy) }),
    // A public policy would exclude other accounts, because each bucket blocks public access.
    additionalSettings: { s3: { blockPublicAccess: true } },
  };
}
