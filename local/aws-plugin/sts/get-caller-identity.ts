import type { CallContext, Properties } from "../../../provider/plugin/types.ts";
import type { Server } from "../sdk/call.ts";
import { explain } from "../sdk/errors.ts";
import { defaultRegion } from "../sdk/settings.ts";
import { callerIdentity } from "../sdk/sts.ts";

/** The owner of the keys. Its ID is the account ID. */
export default (server: Server) =>
  async (_args: Properties, context: CallContext): Promise<Properties> => {
    try {
      const identity = await callerIdentity(server.callIn(defaultRegion() ?? "us-east-1", context));
      return { ...identity, id: identity.accountId };
    } catch (error) {
      throw explain("asking who the keys belong to", error);
    }
  };
