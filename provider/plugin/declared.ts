import { InputError } from "../../staging/errors.ts";
import type { Words } from "../../staging/option.ts";
import type { Declaration, InputsOfResource, OutputsOfResource } from "../../staging/schema/resource.ts";
import { checkFields } from "./schema/check.ts";
import { compareFields } from "./schema/compare.ts";
import type { CallContext, CheckFailure, Properties, ResourceHandler } from "./types.ts";

/** The behaviour of a resource type beyond its declaration. */
export interface Behaviour<I extends object, O extends I>
  extends Pick<ResourceHandler<I, O>, "create" | "preview" | "update" | "delete"> {
  /** Why `pulumi import` cannot take over the resource, and the command that creates it instead. */
  readonly notImported: { readonly why?: string; readonly fix: Words };
  /** The resource in AWS, or undefined if it no longer exists. @default the resource in the state */
  read?(
    id: string,
    inputs: I,
    outputs: O,
    context: CallContext,
  ): Promise<{ id: string; inputs: I; outputs: O } | undefined>;
  /** Problems beyond single fields. `news` may have unknowns. */
  check?(
    news: Properties,
    olds: I | undefined,
    context: CallContext,
  ): readonly CheckFailure[] | Promise<readonly CheckFailure[]>;
  /** Inputs to update although their comparison shows no difference. */
  pending?(oldOutputs: Partial<O>, news: I, oldInputs: I): readonly (keyof I & string)[];
}

/** The fix for a resource of an environment. */
export const BY_ENVIRONMENT: Words = (_spell, command) => command("spawn environment up");
/** The fix for a resource of an entry. */
export const BY_UPLOAD: Words = (_spell, command) =>
  `Stage the data again: ${command("spawn stage upload PATH")}`;

/** The handler of a declared type. Check, comparison and unknown outputs follow from the fields. */
export function declaredResource<D extends Declaration>(
  declaration: D,
  behaviour: Behaviour<InputsOfResource<D>, OutputsOfResource<D>>,
): ResourceHandler<InputsOfResource<D>, OutputsOfResource<D>> {
  const { token, inputs: fields, outputs, deleteBeforeReplace } = declaration;
  const { check, pending, read, notImported, ...methods } = behaviour;
  const named = (flag: "required" | "changes") =>
    Object.keys(outputs).filter((name) => outputs[name]?.[flag]);

  return {
    ...methods,
    computed: named("required"),
    changing: named("changes"),

    async check(news, olds, context) {
      const { inputs, failures } = checkFields(fields, news, token);
      const failed = new Set(failures.map(({ property }) => property.split(/[.[]/, 1)[0]));
      const others = (await check?.(news, olds, context)) ?? [];
      return { inputs, failures: [...failures, ...others.filter(({ property }) => !failed.has(property))] };
    },

    async read(id, inputs, outputs, context) {
      if (inputs === undefined || outputs === undefined)
        throw new InputError(`${id} cannot be imported`, notImported);
      return read === undefined ? { id, inputs, outputs } : read(id, inputs, outputs, context);
    },

    diff(_id, oldInputs, oldOutputs, news) {
      const { replaces, updates } = compareFields(fields, oldInputs, news);
      const more = pending?.(oldOutputs, news, oldInputs) ?? [];
      return {
        replaces,
        updates: [...new Set([...more, ...updates])],
        ...(deleteBeforeReplace ? { deleteBeforeReplace } : {}),
      };
    },
  };
}
