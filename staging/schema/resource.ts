import { reasonOf } from "../errors.ts";
import type { Fields, InputsOf } from "./fields.ts";

/**
 * A resource type, declared once. The types of its inputs and state, its checks, its comparison, the class that components use and
 * the published schema all follow from this.
 */
export interface Declaration<I extends Fields = Fields, O extends Fields = Fields> {
  readonly token: string;
  readonly description: string;
  readonly inputs: I;
  /** Properties of the state besides its inputs. */
  readonly outputs: O;
  /** The old resource must be deleted before its replacement is created. */
  readonly deleteBeforeReplace?: true;
}

export const declareResource = <const I extends Fields, const O extends Fields>(
  declaration: Declaration<I, O>,
): Declaration<I, O> => declaration;

/** A function of the provider, declared once. */
export interface FunctionDeclaration<I extends Fields = Fields, O extends Fields = Fields> {
  readonly token: string;
  readonly description: string;
  readonly inputs: I;
  readonly outputs: O;
}

export const declareFunction = <const I extends Fields, const O extends Fields>(
  declaration: FunctionDeclaration<I, O>,
): FunctionDeclaration<I, O> => declaration;

/** A component, declared once: a program in any language declares it by its token, and the plugin constructs it. */
export interface ComponentDeclaration<I extends Fields = Fields, O extends Fields = Fields>
  extends FunctionDeclaration<I, O> {
  /** The type in URNs. Stacks of TypeScript programs have it, so it never changes. */
  readonly type: string;
}

export const declareComponent = <const I extends Fields, const O extends Fields>(
  declaration: ComponentDeclaration<I, O>,
): ComponentDeclaration<I, O> => declaration;

/** The arguments of a component from a program in any language, checked. */
export type InputsOfComponent<D extends ComponentDeclaration> = Flat<InputsOf<D["inputs"]>>;

type Flat<T> = { [K in keyof T]: T[K] };

export type InputsOfResource<D extends Declaration> = Flat<InputsOf<D["inputs"]>>;
/** The state: the inputs, and what the resource adds. */
export type OutputsOfResource<D extends Declaration> = Flat<InputsOf<D["inputs"]> & InputsOf<D["outputs"]>>;

/** A field's `problem`, from the parser that throws for a wrong value. */
export const refusedBy =
  <T>(parse: (value: T) => unknown) =>
  (value: T): string | undefined => {
    try {
      parse(value);
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  };
