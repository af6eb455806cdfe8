import { Provider } from "@pulumi/aws/provider.js";

/**
 * Region of the provider itself, for services without regions such as IAM. Other resources name their own region. It
 * is the same for all environments, because a provider with a changed region replaces all its resources.
 */
const HOME_REGION = "us-east-1";

/**
 * The AWS provider of a stack. An explicit provider starts with the program. The default provider would start with
 * the first resource of its type, which is an entry's last one, and would take its region from the shell.
 */
export function awsProvider(): Provider {
  return new Provider("aws", { region: HOME_REGION });
}
