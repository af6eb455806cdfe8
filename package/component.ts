import type { ComponentResource, ComponentResourceOptions, ProviderResource, Resource } from "@pulumi/pulumi";
import { InvalidInputs, type Properties } from "../provider/plugin/types.ts";
import { InputError, reasonOf } from "../staging/errors.ts";
import type { ComponentDeclaration, InputsOfComponent } from "../staging/schema/resource.ts";

/** One component that a program declared. */
export interface ComponentCall {
  readonly name: string;
  /** The type to register, which the program requested: by it the engine finds the program's transforms. */
  readonly type: string;
  /** The URN of its parent, by default the stack, with the types of TypeScript stacks: with `name`, it identifies the component. */
  readonly parent: string;
  readonly options: ComponentResourceOptions;
  /** The providers that the program gave it, by package. */
  readonly providers: Readonly<Record<string, ProviderResource>>;
  /** The resources that the arguments depend on. */
  readonly dependencies: readonly Resource[];
}

export interface Built<D extends ComponentDeclaration> {
  readonly resource: ComponentResource;
  /** The outputs that the program gets. */
  readonly outputs: { readonly [K in keyof D["outputs"]]: unknown };
}

/** Declares the resources of a component. @throws InvalidInputs that names the property */
export type Build<D extends ComponentDeclaration> = (
  call: ComponentCall,
  args: InputsOfComponent<D>,
) => Promise<Built<D>>;

export interface RemoteComponent {
  readonly declaration: ComponentDeclaration;
  build(call: ComponentCall, checked: Properties): Promise<Built<ComponentDeclaration>>;
}

export const remoteComponent = <D extends ComponentDeclaration>(
  declaration: D,
  build: Build<D>,
): RemoteComponent => ({
  declaration,
  // The check against `declaration` gives the inputs this type.
  build: (call, checked) => build(call, checked as InputsOfComponent<D>),
});

/** @throws InvalidInputs for the property if `parse` rejects its value */
export function at<T>(property: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InputError) || error instanceof InvalidInputs) throw error;
    throw invalid([{ property, reason: reasonOf(error) }]);
  }
}

export const invalid = (failures: InvalidInputs["failures"]): InvalidInputs =>
  new InvalidInputs("invalid arguments", failures);
