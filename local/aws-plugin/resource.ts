import { checkFields } from "../../provider/plugin/schema/check.ts";
import { compareFields } from "../../provider/plugin/schema/compare.ts";
import { importedInputs, reconcileFields, refreshedInputs } from "../../provider/plugin/schema/reconcile.ts";
import {
  type CallContext,
  type CheckFailure,
  PartialFailure,
  type Properties,
  type ResourceHandler,
} from "../../provider/plugin/types.ts";
import { isUnknown } from "../../provider/plugin/values.ts";
import { UserError } from "../../staging/errors.ts";
import { type Fields, type InputsOf, string } from "../../staging/schema/fields.ts";
import type { Call, Server } from "./sdk/call.ts";
import { explain } from "./sdk/errors.ts";
import { defaultRegion } from "./sdk/settings.ts";
import { settle } from "./sdk/settle.ts";

/** AWS's description of a resource: any of its inputs, and all computed outputs. */
export type Actual<F extends Fields, C> = Partial<InputsOf<F>> & C & { region?: string };

/**
 * One AWS type: its inputs, and how to create, read, change and delete it. Check and diff follow from the fields.
 *
 * @typeParam F the inputs, besides `region`
 * @typeParam C outputs that are not inputs
 */
interface Definition<F extends Fields, C extends object> {
  /** In messages, as in `creating the bucket "b"`. */
  readonly title: string;
  readonly fields: F;
  readonly computed: readonly (keyof C & string)[];
  /** The outputs among `computed` that an update may change. */
  readonly changing?: readonly (keyof C & string)[];
  /** IAM has no regions. */
  readonly global?: true;
  /** Problems between several inputs that are valid separately. They may include unknown values. */
  check?(inputs: Properties): CheckFailure[];
  /** Creates the resource, or the part of it that one call can create; returns its ID. */
  create(inputs: InputsOf<F>, call: Call): Promise<string>;
  /** Further steps of the creation; if one fails, the resource stays in the state and the next update continues. */
  finish?(id: string, inputs: InputsOf<F>, call: Call): Promise<void>;
  /** Changes the existing resource, in whatever state, to the inputs. @param known its properties in the state */
  update(
    id: string,
    inputs: InputsOf<F>,
    actual: Actual<F, C>,
    call: Call,
    known: InputsOf<F> & C,
  ): Promise<void>;
  /** The current resource, or undefined if it does not exist. @param known its properties in the state, if any */
  read(id: string, call: Call, known: Partial<InputsOf<F> & C>): Promise<Actual<F, C> | undefined>;
  /** Whether a write is visible. Default: as soon as the resource is readable. */
  inForce?(inputs: InputsOf<F>, actual: Actual<F, C>): boolean;
  /** A missing resource counts as deleted. */
  delete(id: string, outputs: InputsOf<F> & C, call: Call): Promise<void>;
}

/** Names the plugin in messages. */
export const THIS_PLUGIN = "the local cloud's aws plugin";
const REGION = string({ computed: true, replaces: true });
/** The form of the ID of an imported resource in another region than the default one: `id@region`. */
const ID_AT_REGION = /^(.+)@([a-z]{2}(?:-[a-z]+)+-\d)$/;

/** The handler of a type, from its definition. */
export const defineResource =
  <F extends Fields, C extends object>(definition: Definition<F, C>) =>
  (server: Server): ResourceHandler => {
    const { title, global } = definition;
    const fields: Fields = global ? definition.fields : { ...definition.fields, region: REGION };

    const callFor = (properties: Properties, context: CallContext): Call => {
      const region = global ? (defaultRegion() ?? "us-east-1") : (properties["region"] ?? defaultRegion());
      if (typeof region === "string") return server.callIn(region, context);
      throw new UserError(`no region for the ${title}`, {
        why: "The resource declares none, and AWS_REGION is not set.",
        fix: 'eval "$(npx spawn env)"',
      });
    };
    const readAs = async (id: string, known: Properties, call: Call): Promise<Properties | undefined> => {
      const actual = await definition.read(id, call, known as Partial<InputsOf<F> & C>);
      if (actual === undefined) return undefined;
      const properties: Properties = {
        ...(global ? {} : { region: call.region }),
        ...(actual as Properties),
      };
      return { ...properties, ...reconcileFields(fields, known, properties) };
    };
    const readBack = (id: string, inputs: Properties, call: Call): Promise<Properties> =>
      settle(call, `the ${title} "${id}" to be as written`, async () => {
        const found = await readAs(id, inputs, call);
        if (found === undefined || definition.inForce === undefined) return found;
        return definition.inForce(inputs as InputsOf<F>, found as Actual<F, C>) ? found : undefined;
      });
    const doing = async <T>(what: string, name: string, work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        throw explain(`${what} the ${title} "${name}"`, error);
      }
    };

    return {
      computed: definition.computed,
      ...(definition.changing && { changing: definition.changing }),

      async check(news) {
        const { inputs, failures } = checkFields(fields, news, THIS_PLUGIN);
        if (failures.length > 0 || definition.check === undefined) return { inputs, failures };
        return { inputs, failures: definition.check(inputs) };
      },

      diff(_id, _oldInputs, oldOutputs, news) {
        const region = news["region"] ?? (global ? undefined : defaultRegion());
        return compareFields(fields, oldOutputs, region === undefined ? news : { ...news, region });
      },

      async create(inputs, context) {
        const call = callFor(inputs, context);
        const named = nameIn(fields, inputs);
        const id = await doing("creating", named, () => definition.create(inputs as InputsOf<F>, call));
        try {
          await doing("setting up", named, async () => definition.finish?.(id, inputs as InputsOf<F>, call));
          return { id, outputs: await doing("reading", named, () => readBack(id, inputs, call)) };
        } catch (error) {
          const outputs = await readAs(id, inputs, call).catch(() => undefined); // reports the first error
          const atLeast = global ? inputs : { ...inputs, region: call.region };
          throw new PartialFailure(id, outputs ?? atLeast, error, { cause: error });
        }
      },

      async read(id, inputs, outputs, context) {
        const [, bareId, regionOfId] = (outputs === undefined && !global && ID_AT_REGION.exec(id)) || [];
        const known = outputs ?? (regionOfId === undefined ? {} : { region: regionOfId });
        const call = callFor(known, context);
        const found = await doing("reading", id, () => readAs(bareId ?? id, known, call));
        if (found === undefined) return undefined;
        if (inputs !== undefined)
          return { id, inputs: refreshedInputs(fields, inputs, found), outputs: found };
        const imported = importedInputs(fields, found);
        if (imported["region"] === defaultRegion()) delete imported["region"];
        return { id: bareId ?? id, inputs: imported, outputs: found };
      },

      async update(id, oldOutputs, news, context) {
        const call = callFor(oldOutputs, context);
        return doing("updating", id, async () => {
          const actual = await readAs(id, oldOutputs, call);
          if (actual === undefined) {
            throw new UserError(`the ${title} "${id}" is gone`, {
              why: "The stack's state has it, but AWS does not.",
              fix: "pulumi refresh, then the same command again",
            });
          }
          const known = oldOutputs as InputsOf<F> & C;
          await definition.update(id, news as InputsOf<F>, actual as Actual<F, C>, call, known);
          return readBack(id, news, call);
        });
      },

      async delete(id, outputs, context) {
        const call = callFor(outputs, context);
        await doing("deleting", id, () => definition.delete(id, outputs as InputsOf<F> & C, call));
      },
    };
  };

/** Identifies a resource in messages before it has an ID. */
function nameIn(fields: Fields, inputs: Properties): string {
  const name = Object.keys(fields).find((key) => fields[key]?.names) ?? Object.keys(fields)[0] ?? "";
  const value = inputs[name];
  return typeof value === "string" && !isUnknown(value) ? value : "?";
}
