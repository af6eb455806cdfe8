import { ComponentResource, type Resource } from "@pulumi/pulumi";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import { serializeProperty, serializeResourceProperties } from "@pulumi/pulumi/runtime/rpc.js";
import { checkFields } from "../provider/plugin/schema/check.ts";
import { secretIn } from "../provider/plugin/secrets.ts";
import type { CallContext, Properties } from "../provider/plugin/types.ts";
import {
  containsUnknowns,
  decodeMarked,
  decodeStruct,
  encodeStruct,
  UNKNOWN,
} from "../provider/plugin/values.ts";
import { stagingEntryComponent } from "../staging/components/staging-entry.ts";
import { stagingEnvironmentComponent } from "../staging/components/staging-environment.ts";
import { sweepComponent } from "../staging/components/sweep.ts";
import { InputError } from "../staging/errors.ts";
import type { Fields } from "../staging/schema/fields.ts";
import type { ComponentDeclaration } from "../staging/schema/resource.ts";
import { isRecord } from "../staging/type-guards.ts";
import {
  type Built,
  type ComponentCall,
  invalid,
  type RemoteComponent,
  remoteComponent,
} from "./component.ts";
import { componentOptions, providersOf, resourcesOf } from "./options.ts";
import { inProgram } from "./sdk.ts";
import { buildEntry } from "./staging-entry.ts";
import { buildEnvironment } from "./staging-environment.ts";
import { buildSweep } from "./sweep.ts";

const COMPONENTS: ReadonlyMap<string, RemoteComponent> = new Map(
  [
    remoteComponent(stagingEntryComponent, buildEntry),
    remoteComponent(stagingEnvironmentComponent, buildEnvironment),
    remoteComponent(sweepComponent, buildSweep),
  ].map((component) => [component.declaration.token, component]),
);

/**
 * Declares a component's resources for a program in any language, in the program's own deployment.
 * @param engine the engine's address
 * @throws InvalidInputs that names the properties
 */
export async function construct(
  request: proto.ConstructRequest,
  context: CallContext,
  engine: string,
): Promise<proto.ConstructResponse> {
  const component = COMPONENTS.get(request.getType());
  if (component === undefined) throw new InputError(`this plugin has no component ${request.getType()}`);
  const { declaration, build } = component;
  const inputs = checkedInputs(declaration, request);
  const aborted = new Promise<never>((_, reject) => {
    context.signal.addEventListener("abort", () => reject(context.signal.reason), { once: true });
  });
  const response = inProgram(request, engine, async () => {
    const call = callOf(declaration, request);
    if (!containsUnknowns(inputs)) return responseOf(declaration, call, await build(call, inputs));
    context.log("info", `the resources of ${call.name} depend on values that this preview does not know`);
    return responseOf(declaration, call, unknownComponent(declaration, call));
  });
  return Promise.race([response, aborted]);
}

function checkedInputs(
  { inputs: fields, token }: ComponentDeclaration,
  request: proto.ConstructRequest,
): Properties {
  const secret = secretIn(decodeMarked(request.getInputs()));
  if (secret !== undefined) {
    const reason =
      "it is a secret, and AWS resources would show it as plain text. Use a value that is not secret";
    throw invalid([{ property: secret, reason }]);
  }
  const { inputs, failures } = checkFields(fields, decodeStruct(request.getInputs()), token);
  if (failures.length > 0) throw invalid(failures);
  return inputs;
}

function callOf({ token, type }: ComponentDeclaration, request: proto.ConstructRequest): ComponentCall {
  const urns = new Set<string>();
  request.getInputdependenciesMap().forEach((dependencies) => {
    for (const urn of dependencies.getUrnsList()) urns.add(urn);
  });
  return {
    name: request.getName(),
    type: token,
    parent: withDeclaredTypes(request.getParent()),
    options: componentOptions(request, type),
    providers: providersOf(request),
    dependencies: resourcesOf([...urns]),
  };
}

/** A URN with the types of TypeScript stacks in place of tokens. IDs follow from it, so they stay as they were in older programs. */
const withDeclaredTypes = (urn: string): string =>
  urn.replace(/[^$:]+:[^$:]+:[^$:]+(?=\$|::)/g, (type) => COMPONENTS.get(type)?.declaration.type ?? type);

/** The component without resources, for a preview that cannot know them. */
function unknownComponent(
  { outputs }: ComponentDeclaration,
  { name, type, options }: ComponentCall,
): Built<ComponentDeclaration> {
  const resource = new ComponentResource(type, name, {}, options);
  return { resource, outputs: Object.fromEntries(Object.keys(outputs).map((key) => [key, UNKNOWN])) };
}

/**
 * Outputs for a preview. An SDK treats an object with an unknown member as unknown, and then a component that depends
 * on it has no resources in the preview. So unknown optional members are absent.
 */
function withoutUnknownOptions(fields: Fields, state: Properties): Properties {
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => {
      const shape = fields[name]?.shape;
      if (shape?.kind !== "object" || !isRecord(value)) return [name, value];
      const known = Object.entries(value).filter(
        ([key, member]) => shape.fields[key]?.required || !containsUnknowns(member),
      );
      return [name, Object.fromEntries(known)];
    }),
  );
}

async function responseOf(
  declaration: ComponentDeclaration,
  { name }: ComponentCall,
  { resource, outputs }: Built<ComponentDeclaration>,
): Promise<proto.ConstructResponse> {
  const label = `construct(${name})`;
  const urnOf = async (one: Resource) => String(await serializeProperty(label, one.urn));
  const [state, dependencies] = await serializeResourceProperties(label, { ...outputs });
  const response = new proto.ConstructResponse()
    .setUrn(await urnOf(resource))
    .setState(encodeStruct(withoutUnknownOptions(declaration.outputs, state)));
  for (const [property, resources] of dependencies) {
    const urns = await Promise.all([...resources].map(urnOf));
    const message = new proto.ConstructResponse.PropertyDependencies().setUrnsList(urns);
    response.getStatedependenciesMap().set(property, message);
  }
  return response;
}
