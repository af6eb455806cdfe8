import { Args, Flags } from "@oclif/core";
import type { PolicyDocument } from "../../../staging/policies/document.ts";
import { type PolicyName, PRINTED_POLICIES } from "../../../staging/policies/policies.ts";
import type { TrustDocument } from "../../../staging/policies/trust.ts";
import { BaseCommand } from "../../base-command.ts";
import type { Context } from "../../context.ts";
import { writeForPrograms } from "../../output.ts";
import { policyNotes, printedPolicy, printedTrust, trustNotes } from "../../services/environment/policy.ts";

export default class EnvironmentPolicy extends BaseCommand {
  static override summary = "Print an IAM policy with the permissions of a user role.";
  static override description =
    `Prints a JSON policy with the minimum permissions on this environment, for the administrator of its account:

operator  creates, changes and deletes the environment, and can use every command. Operators can gain every other permission, so the policy is for administrators.
stager    every command under stage and sweep, and launch.
reader    stage list, info, estimate, cost, download and script; sweep list, info, watch and logs.
previewer pulumi preview and pulumi refresh --preview-only, for pull requests in a pipeline. It only reads.
worker    an instance or a job of another scheduler that runs the output of stage script.
boundary  limits the roles of sweeps' workers: set spawn:workersBoundary to its ARN. In an AWS account stagers can launch sweeps only with it, because a user who can create roles without a boundary can gain every permission.

An S3 source outside of the environment, and the bucket for the results of sweeps, need extra permissions.

--trust prints the role's trust policy instead of its permissions. With it, the jobs of one GitHub environment or one GitLab branch assume the role by OIDC, without keys.`;
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
    {
      description: "Print the trust policy of a pipeline's role",
      command:
        "<%= config.bin %> environment policy previewer --environment prod --trust github:acme/genomes:environment:spawn-preview",
    },
  ];

  static override args = {
    name: Args.string({ required: true, options: [...PRINTED_POLICIES], description: "User role." }),
  };

  static override flags = {
    trust: Flags.string({
      summary: "Print the trust policy for the jobs of this pipeline.",
      description: "github:OWNER/REPO:environment:NAME or gitlab:GROUP/PROJECT:branch:NAME.",
      helpValue: "PIPELINE",
    }),
  };

  async run(): Promise<PolicyDocument | TrustDocument | undefined> {
    const { args, flags } = await this.parse(EnvironmentPolicy);
    const name = PRINTED_POLICIES.find((known) => known === args.name) ?? "reader";
    const context = this.contextOf(flags);
    const policy =
      flags.trust === undefined
        ? await this.#permissions(context, name)
        : await this.#trust(context, name, flags.trust);
    if (this.jsonEnabled()) return policy;
    await writeForPrograms(`${JSON.stringify(policy, undefined, 2)}\n`);
    return undefined;
  }

  async #trust(context: Context, name: PolicyName, pipeline: string): Promise<TrustDocument> {
    const policy = await printedTrust(context, pipeline);
    for (const note of trustNotes(name, pipeline)) this.note(note);
    return policy;
  }

  async #permissions(context: Context, name: PolicyName): Promise<PolicyDocument> {
    const policy = await printedPolicy(context, name);
    for (const note of await policyNotes(context, name, policy)) this.note(note);
    return policy;
  }
}
