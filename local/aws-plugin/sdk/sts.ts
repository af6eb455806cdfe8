import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type Call, clientOf } from "./call.ts";
import type { ClientSettings } from "./settings.ts";

interface CallerIdentity {
  readonly accountId: string;
  readonly arn: string;
  readonly userId: string;
}

/** The client of STS, with the owner of its keys once it is known: keys do not change while the plugin runs. */
class Sts {
  readonly client: STSClient;
  #known: Promise<CallerIdentity> | undefined;

  constructor(settings: ClientSettings) {
    this.client = new STSClient(settings);
  }

  async identity({ http }: Call): Promise<CallerIdentity> {
    const {
      Account = "",
      Arn = "",
      UserId = "",
    } = await this.client.send(new GetCallerIdentityCommand({}), http);
    return { accountId: Account, arn: Arn, userId: UserId };
  }

  async knownIdentity(call: Call): Promise<CallerIdentity> {
    this.#known ??= this.identity(call);
    try {
      return await this.#known;
    } catch (error) {
      this.#known = undefined; // the next call retries
      throw error;
    }
  }
}

const sts = clientOf("STS", (settings) => new Sts(settings));

/** The keys that sign requests. */
export const credentials = (call: Call) => sts(call).client.config.credentials();

/** The owner of the keys. */
export const callerIdentity = (call: Call): Promise<CallerIdentity> => sts(call).identity(call);

/** The account ID, requested once per client. */
export const accountId = async (call: Call): Promise<string> =>
  (await sts(call).knownIdentity(call)).accountId;
