import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { confirm } from "../../confirm.ts";
import { yesFlag } from "../../flags.ts";
import { renderChanges } from "../../render/environment.ts";
import { forgetKnownIds } from "../../services/completion/known-ids.ts";
import { environmentDestroy } from "../../services/environment/environment.ts";
import { watchUpdate } from "../../watch-update.ts";

interface EnvironmentDestroyResult {
  readonly environment: string;
  readonly destroyed: boolean;
  readonly changes: Readonly<Record<string, number>>;
}

export default class EnvironmentDestroy extends BaseCommand {
  static override summary = "Delete the environment: its buckets, rules and tables.";
  static override description =
    "Refuses while tables, stacks or buckets contain sweeps or staging entries, and names the command that removes them. Logs of deleted sweeps are deleted with their buckets. An adopted bucket (spawn:adopt) stays with its content; only spawn's rules are removed from its configuration.";
  static override examples = [
    {
      description: "Delete the environment after a prompt",
      command: "<%= config.bin %> environment destroy",
    },
    { description: "Delete it in a script", command: "<%= config.bin %> environment destroy --yes" },
  ];

  static override flags = { yes: yesFlag };

  async run(): Promise<EnvironmentDestroyResult> {
    const { flags } = await this.parse(EnvironmentDestroy);
    const context = this.contextOf(flags);
    const { buckets, adopted } = await context.settings();
    const names = (yours: boolean) =>
      [...buckets].flatMap(([region, bucket]) => (adopted.has(region) === yours ? bucket : [])).join(", ");
    this.note(`Destroying environment: ${flags.environment}`, `Buckets: ${names(false) || "none"}`);
    if (adopted.size > 0) this.note(`Kept, without spawn's rules: ${names(true)}`);
    this.note(
      "",
      "⚠️  This will delete the buckets, the tables and the history of costs, and cannot be undone.",
      "",
    );
    const command = commandLine("spawn environment destroy", flags.environment);
    if (!(await confirm("Continue?", { yes: flags.yes, command }))) {
      this.note("Nothing was deleted.");
      return { environment: flags.environment, destroyed: false, changes: {} };
    }
    const { changes } = await watchUpdate(this.watching(flags), (options) =>
      environmentDestroy(context, options),
    );
    await forgetKnownIds(context);
    this.log(`✅ Environment ${flags.environment} destroyed: ${renderChanges(changes)}.`);
    return { environment: flags.environment, destroyed: true, changes };
  }
}
