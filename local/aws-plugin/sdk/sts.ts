import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type Call, clientOf, perServer } from "./call.ts";

interface CallerIdentity {
  readonly accountId: string;
  readonly arn: string;
  readonly userId: string;
}

const sts = clientOf("STS", (settings) => new STSClient(settings));

/** The keys that sign requests. */
export const credentials = (call: Call) => sts(call).config.credentials();

/** The owner of the keys. */
export async function callerIdentity(call: Call): Promise<CallerIdentity> {
  const { Account = "", Arn = "", UserId = "" } = await sts(call).send(new GetCallerIdentityCommand({}));
  return { accountId: Account, arn: Arn, userId: UserId };
}

/** The owner of the keys once it is known: keys do not change while the plugin runs. */
const known = perServer((): { identity?: Promise<CallerIdentity> } => ({}));

/** The account ID, requested once. */
export async function accountId(call: Call): Promise<string> {
  const owner = known(call);
  owner.identity ??= callerIdentity(call);
  try {
    return (await owner.identity).accountId;
  } catch (error) {
    delete owner.identity; // the next call retries
    throw error;
  }
}
