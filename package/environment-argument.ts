import * as pulumi from "@pulumi/pulumi";
import { configuredProfile, requireProfile } from "../stacks/aws-profile.ts";
import { parseEnvironmentCopy } from "../stacks/stack-settings.ts";
import type { environment } from "../staging/components/fields.ts";
import type { EnvironmentSettings } from "../staging/environment.ts";
import { refuseOtherAccount } from "../staging/ownership/account.ts";
import { SURVEY_ENVIRONMENT } from "../staging/resources/tokens.ts";
import type { ValueOf } from "../staging/schema/fields.ts";
import { at } from "./component.ts";

type EnvironmentArgument = ValueOf<typeof environment>;

/**
 * The environment that a component's argument describes.
 * @param property its path, for errors; "" for the environment's own arguments
 * @throws InvalidInputs if it is not valid, or the credentials in use belong to another account or profile
 */
export async function environmentOf(
  { writableAt, ...values }: EnvironmentArgument,
  property: string,
): Promise<{ settings: EnvironmentSettings; writableAt: Readonly<Record<string, string>> | undefined }> {
  const settings = at(property, () => parseEnvironmentCopy(values, "the environment"));
  if (settings.cloud === "aws") {
    const profile = configuredProfile(pulumi.runtime.allConfig(), "the stack's configuration");
    requireProfile(profile, settings.name, process.env);
  }
  if (settings.account !== undefined) {
    const facts = await pulumi.runtime.invoke(SURVEY_ENVIRONMENT, { tables: [], buckets: [] });
    at(property, () => refuseOtherAccount(settings, facts.account));
  }
  return { settings, writableAt };
}
