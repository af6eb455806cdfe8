import {
  type Alias,
  type ComponentResourceOptions,
  DependencyProviderResource,
  DependencyResource,
  type ProviderResource,
  rootStackResource,
} from "@pulumi/pulumi";
import type { Alias as AliasMessage } from "@pulumi/pulumi/proto/alias_pb.js";
import type proto from "@pulumi/pulumi/proto/provider_pb.js";

/** The providers that the program gave the component, by package. */
export const providersOf = (request: proto.ConstructRequest): Record<string, ProviderResource> =>
  Object.fromEntries(
    request
      .getProvidersMap()
      .toArray()
      .map(([name, reference]) => [name, new DependencyProviderResource(reference)] as const),
  );

/**
 * The options that the program gave the component. The engine warns about those that components ignore.
 * @param type in stacks of older programs, where the component may have an earlier name, too
 */
export function componentOptions(request: proto.ConstructRequest, type: string): ComponentResourceOptions {
  const parent = request.getParent();
  const aliases = request.getAliasesList().map(aliasOf);
  const older = aliases.flatMap((alias) =>
    typeof alias === "string" || alias.type !== undefined ? [] : [{ ...alias, type }],
  );
  return {
    aliases: [...aliases, { type }, ...older],
    dependsOn: resourcesOf(request.getDependenciesList()),
    ...(request.getProtect() ? { protect: true } : {}),
    providers: providersOf(request),
    ...(parent === "" ? {} : { parent: new DependencyResource(parent) }),
  };
}

export const resourcesOf = (urns: readonly string[]): DependencyResource[] =>
  urns.map((urn) => new DependencyResource(urn));

function aliasOf(message: AliasMessage): string | Alias {
  const spec = message.getSpec();
  if (spec === undefined) return message.getUrn();
  const [name, type, project, stack] = [spec.getName(), spec.getType(), spec.getProject(), spec.getStack()];
  const parent = spec.getParenturn();
  return {
    ...(name && { name }),
    ...(type && { type }),
    ...(project && { project }),
    ...(stack && { stack }),
    // The value of this constant is undefined: the SDK looks for the key.
    ...(spec.getNoparent() ? { parent: rootStackResource } : parent && { parent }),
  };
}
