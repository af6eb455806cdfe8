import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type { Call } from "./call.ts";
import { sts } from "./sts.ts";

export interface CallerIdentity {
  readonly accountId: string;
  readonly arn: string;
  readonly userId: string;
}

/** The owner of the keys. */
export async function callerIdentity(call: Call): Promise<CallerIdentity> {
  const {
    Account = "",
    Arn = "",
    UserId = "",
  } = await sts(call).send(new GetCallerIdentityCommand({}), call.http);
  return { accountId: Account, arn: Arn, userId: UserId };
}

const known = new WeakMap<object, Promise<CallerIdentity>>();

/** The account ID, requested once per client, because keys do not change while the plugin runs. */
export async function accountId(call: Call): Promise<string> {
  const client = sts(call);
  const asked = known.get(client) ?? callerIdentity(call);
  known.set(client, asked);
  try {
    return (await asked).accountId;
  } catch (error) {
    known.delete(client); // the next call retries
    throw error;
  }
}
