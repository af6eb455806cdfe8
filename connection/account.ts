import { type AccountId, isAccountId } from "../staging/accounts.ts";
import { UserError } from "../staging/errors.ts";
import { type Access, clientSettings } from "./access.ts";
import type { Connection } from "./connection.ts";
import type { Service } from "./endpoints.ts";
import { statusOf } from "./errors/failure.ts";

/**
 * Whether the buckets of a connection have a known account. `always`: S3 is AWS. `perhaps`: another server is both S3
 * and STS; spawn asks its STS, and assumes no accounts if the response has none. `never`: S3 is another server, whose
 * accounts AWS's STS does not know.
 */
export function hasAccounts({ endpoints }: Connection): "always" | "perhaps" | "never" {
  if (isAws(endpoints.S3?.url)) return "always";
  return isSameServer({ endpoints }, "S3", "STS") ? "perhaps" : "never";
}

/** Whether both services are AWS, or one server in its place. */
export function isSameServer({ endpoints }: Pick<Connection, "endpoints">, a: Service, b: Service): boolean {
  const [one, other] = [endpoints[a]?.url, endpoints[b]?.url];
  return (isAws(one) && isAws(other)) || one === other;
}

/** AWS, also by the name of an interface VPC endpoint. https://docs.aws.amazon.com/general/latest/gr/s3.html */
function isAws(url: string | undefined): boolean {
  if (url === undefined) return true;
  return URL.canParse(url) && /\.(amazonaws\.com(\.cn)?|api\.aws)$/.test(new URL(url).hostname);
}

/**
 * The account of the credentials in use, requested from STS once per access. STS requires no permission for it.
 * @param region of AWS's STS that is asked
 * @returns undefined where the server has no accounts, see {@link hasAccounts}
 * @throws UserError when AWS does not tell
 */
export function accountOf(access: Access, region: string): Promise<AccountId | undefined> {
  if (access.account === undefined) {
    access.account = askFor(access, region);
    // Retry after a failure.
    access.account.catch(() => delete access.account);
  }
  return access.account;
}

async function askFor(access: Access, region: string): Promise<AccountId | undefined> {
  const has = hasAccounts(access.connection);
  if (has === "never") return undefined;
  const { GetCallerIdentityCommand, STSClient } = await import("@aws-sdk/client-sts");
  const client = new STSClient(clientSettings(access, "STS", region));
  try {
    const { Account = "" } = await client.send(new GetCallerIdentityCommand({}));
    if (isAccountId(Account)) return Account;
    if (has === "perhaps") return undefined;
  } catch (error) {
    // An S3 server without STS answers with an unknown operation.
    if (has === "perhaps" && statusOf(error) !== undefined) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
  throw new UserError("AWS did not return the account of the credentials in use", {
    why: "The response of GetCallerIdentity has no account.",
    fix: "Check the credentials: aws sts get-caller-identity",
  });
}
