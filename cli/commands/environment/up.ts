import { BaseCommand } from "../../base-command.ts";
import { renderChanges } from "../../render/changes.ts";
import { environmentUp } from "../../services/environment.ts";
import { watchUpdate } from "../../watch-update.ts";

export interface EnvironmentUpResult {
  readonly environment: string;
  /** How many resources were created, updated, deleted, left the same. */
  readonly changes: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

export default class EnvironmentUp extends BaseCommand {
  static override summary = "Make the environment: buckets, rules and tables in its regions.";
  static override description =
    "Brings the environment to what Pulumi.<environment>.yaml says, the staging entries declared there included. Run it again after every edit of that file.";
  static override examples = [
    { description: "Make the environment on this machine", command: "<%= config.bin %> environment up" },
    {
      description: "Make the one of an AWS account",
      command: "<%= config.bin %> environment up --environment prod",
    },
  ];

  async run(): Promise<EnvironmentUpResult> {
    const { flags } = await this.parse(EnvironmentUp);
    const context = this.contextOf(flags);
    const { regions } = await context.settings();
    this.note(`Environment: ${flags.environment}\nRegions: ${regions.join(", ")}\n`);
    const { changes, outputs } = await watchUpdate(
      { quiet: this.jsonEnabled(), verbose: flags.verbose, onQuietWarning: (text) => this.warn(text) },
      (options) => environmentUp(context, options),
    );
    this.log(`✅ Environment ${flags.environment} is up: ${renderChanges(changes)}.`);
    return { environment: flags.environment, changes, outputs };
  }
}
