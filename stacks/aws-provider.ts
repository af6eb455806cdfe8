import { Provider } from "@pulumi/aws/provider.js";

/**
 * Region of the provider itself: of the services that have none, such as IAM. Every other resource names its own, and this
 * one is the same for all environments, since a provider that changes its region replaces all that it has made.
 */
const HOME_REGION = "us-east-1";

/**
 * The AWS provider of a stack. A declared one starts with the program; the default one would start with the first resource
 * of its kind, which for an entry is its last, and would take its region from whoever runs the update.
 */
export function awsProvider(): Provider {
  return new Provider("aws", { region: HOME_REGION });
}
