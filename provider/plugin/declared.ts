import type { Declaration, InputsOfResource, OutputsOfResource } from "../../staging/schema/resource.ts";
import { checkFields } from "./schema/check.ts";
import { compareFields } from "./schema/compare.ts";
import type { CallContext, CheckFailure, Properties, ResourceHandler } from "./types.ts";

/** The behaviour of a resource type beyond its declaration. */
export interface Behaviour<I extends object, O extends I>
  extends Pick<ResourceHandler<I, O>, "create" | "preview" | "read" | "update" | "delete"> {
  /** Problems beyond single fields. `news` may have unknowns. */
  check?(
    news: Properties,
    olds: I | undefined,
    context: CallContext,
  ): readonly CheckFailure[] | Promise<readonly CheckFailure[]>;
  /** Inputs to update although their comparison shows no difference. */
  pending?(oldOutputs: Partial<O>, news: I, oldInputs: I): readonly (keyof I & string)[];
}

/** The handler of a declared type. Check, comparison and unknown outputs follow from the fields. */
export function declaredResource<D extends Declaration>(
  declaration: D,
  behaviour: Behaviour<InputsOfResource<D>, OutputsOfResource<D>>,
): ResourceHandler<InputsOfResource<D>, OutputsOfResource<D>> {
  const { token, inputs: fields, outputs, deleteBeforeReplace } = declaration;
  const { check, pending, ...methods } = behaviour;
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
