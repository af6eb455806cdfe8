import { Args } from "@oclif/core";
import type { PolicyDocument } from "../../../staging/policies/document.ts";
import { PRINTED_POLICIES } from "../../../staging/policies/policies.ts";
import { BaseCommand } from "../../base-command.ts";
import { writeForPrograms } from "../../output.ts";
import { policyNotes, printedPolicy } from "../../services/environment/policy.ts";

export default class EnvironmentPolicy extends BaseCommand {
  static override summary = "Print an IAM policy with the rights that a kind of users needs.";
  static override description =
    `Prints a policy in JSON with the least rights on this environment, for the administrator of its account:

operator  makes, changes and deletes the environment, and can use every command. Operators can take every other right, too: the policy is for administrators.
stager    every command under stage and sweep, and launch.
reader    stage list, info, estimate, cost, download and script; sweep list, info, watch and logs.
worker    what an instance or a job outside of a sweep needs to run the script of stage script.
boundary  limits the roles of sweeps' workers; see spawn:workersBoundary in the settings. In an AWS account stagers launch sweeps only with it: whoever can make roles without a limit can take every right.

A source on S3 outside of the environment, and the bucket for the results of sweeps, need rights of their own.`;
  static override examples = [
    {
      description: "Give a role what it needs to stage data and to launch sweeps",
      command:
        "<%= config.bin %> environment policy stager > stager.json && aws iam put-role-policy --role-name NAME --policy-name spawn-stager --policy-document file://stager.json",
    },
    {
      description: "See what rights it takes to make an environment in an AWS account",
      command: "<%= config.bin %> environment policy operator --environment prod",
    },
  ];

  static override args = {
    name: Args.string({ required: true, options: [...PRINTED_POLICIES], description: "Whose rights." }),
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
