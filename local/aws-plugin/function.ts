import { checkFields } from "../../provider/plugin/schema/check.ts";
import type { CallContext, Properties } from "../../provider/plugin/types.ts";
import { UserError } from "../../staging/errors.ts";
import { type Fields, type InputsOf, string } from "../../staging/schema/fields.ts";
import { THIS_PLUGIN } from "./resource.ts";
import type { Call, Server } from "./sdk/call.ts";
import { explain } from "./sdk/errors.ts";
import { defaultRegion } from "./sdk/settings.ts";

/** A function (invoke) of the aws plugin: its arguments and its result. */
interface FunctionDefinition<F extends Fields> {
  /** In messages, as in `reading the subnets`. */
  readonly doing: string;
  /** The arguments, besides `region`. */
  readonly fields: F;
  run(args: InputsOf<F>, call: Call): Promise<Properties>;
}

/** The function, from its definition. Its result repeats its arguments, as the official one's does. */
export function defineFunction<F extends Fields>({ doing, fields, run }: FunctionDefinition<F>) {
  return (server: Server) =>
    async (args: Properties, context: CallContext): Promise<Properties> => {
      const { inputs, failures } = checkFields({ ...fields, region: string({}) }, args, THIS_PLUGIN);
      const [wrong] = failures;
      if (wrong !== undefined)
        throw new UserError(`${doing}: the argument ${wrong.property}: ${wrong.reason}`);
      const region = inputs["region"] ?? defaultRegion();
      if (typeof region !== "string") {
        throw new UserError(`${doing}: no region`, {
          why: "The call names none, and AWS_REGION is not set.",
          fix: 'eval "$(npx spawn env)"',
        });
      }
      try {
        return { ...inputs, region, ...(await run(inputs as InputsOf<F>, server.callIn(region, context))) };
      } catch (error) {
        throw explain(doing, error);
      }
    };
}
