import { Provider } from "@pulumi/aws/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { PLUGIN_READY } from "../staging/resources/tokens.ts";

/**
 * Region of the provider itself, for services without regions such as IAM. Other resources name their own region. It
 * is the same for all environments, because a provider with a changed region replaces all its resources.
 */
const HOME_REGION = "us-east-1";

/**
 * The AWS provider of a stack. An explicit provider starts with the program. The default provider would start with
 * the first resource of its type, which is an entry's last one, and would take its region from the shell.
 */
export function awsProvider(options: pulumi.ResourceOptions = {}): Provider {
  return new Provider("aws", { region: HOME_REGION }, options);
}

/**
 * The same provider, which starts after the staging plugin. The engine starts plugins one after the other, and an entry's last resource
 * is its only one of AWS, so its plugin starts during the upload. This saves 0.3 s.
 */
export function lateAwsProvider(): Provider {
  const noResources = (): pulumi.Resource[] => [];
  // If the plugin does not start, the entry's first resource reports it.
  const ready = pulumi.runtime.invoke(PLUGIN_READY, {}).then(noResources, noResources);
  return awsProvider({ dependsOn: ready });
}
