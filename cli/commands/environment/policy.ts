import { Args } from "@oclif/core";
import type { PolicyDocument } from "../../../staging/policies/document.ts";
import { PRINTED_POLICIES } from "../../../staging/policies/policies.ts";
import { BaseCommand } from "../../base-command.ts";
import { writeForPrograms } from "../../output.ts";
import { policyNotes, printedPolicy } from "../../services/environment/policy.ts";

export default class EnvironmentPolicy extends BaseCommand {
  static override summary = "Print an IAM policy with the permissions of a user role.";
  static override description =
    `Prints a JSON policy with the minimum permissions on this environment, for the administrator of its account:

operator  creates, changes and deletes the environment, and can use every command. Operators can gain every other permission: the policy is for administrators.
stager    every command under stage and sweep, and launch.
reader    stage list, info, estimate, cost, download and script; sweep list, info, watch and logs.
worker    permissions of an instance or job outside of a sweep that runs the output of stage script.
boundary  limits the roles of sweeps' workers; see spawn:workersBoundary in the settings. In an AWS account stagers can launch sweeps only with it, because a user who can create roles without a boundary can gain every permission.

An S3 source outside of the environment, and the bucket for the results of sweeps, need extra permissions.`;
  static override examples = [
    {
      description: "Allow a role to stage data and launch sweeps",
      command:
        "<%= config.bin %> environment policy stager > stager.json && aws iam put-role-policy --role-name NAME --policy-name spawn-stager --policy-document file://stager.json",
    },
    {
      description: "Show the permissions to create an environment in an AWS account",
      command: "<%= config.bin %> environment policy operator --environment prod",
    },
  ];

  static override args = {
    name: Args.string({ required: true, options: [...PRINTED_POLICIES], description: "User role." }),
  };

  async run(): Promise<PolicyDocument | undefined> {
    const { args, flags } = await this.parse(EnvironmentPolicy);
    const name = PRINTED_POLICIES.find((known) => known === args.name) ?? "reader";
    const context = this.contextOf(flags);
    const policy = await printedPolicy(context, name);
    for (const note of await policyNotes(context, name, policy)) this.note(note);
    if (this.jsonEnabled()) return policy;
    await writeForPrograms(`${JSON.stringify(policy, undefined, 2)}\n`);
    return undefined;
  }
}
