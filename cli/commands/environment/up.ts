import { formatBytes } from "../../../staging/units.ts";
import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { confirm } from "../../confirm.ts";
import { yesFlag } from "../../flags.ts";
import { describeSources, renderChanges, settingsPath } from "../../render/environment.ts";
import { environmentUp, prepareEnvironment } from "../../services/environment/environment.ts";
import { type DataToDelete, planEnvironment } from "../../services/environment/plan.ts";
import { watchUpdate } from "../../watch-update.ts";

interface EnvironmentUpResult {
  readonly environment: string;
  /** Numbers of resources that were created, updated, deleted or unchanged. */
  readonly changes: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

export default class EnvironmentUp extends BaseCommand {
  static override summary = "Create or update the environment: buckets, rules and tables in its regions.";
  static override description =
    `Updates the environment to match Pulumi.<environment>.yaml, including the staging entries that it declares. Run it again after every edit of that file.

Recreates resources that were deleted by hand, and reverts manual changes. If the environment's stack was lost, the command adopts the tables, buckets and role with the environment's tags. If the file no longer declares an entry, the command lists the data to delete, and prompts. It never replaces or deletes a table, or a bucket with data: it refuses such an edit of the file.`;
  static override examples = [
    { description: "Create the environment on this machine", command: "<%= config.bin %> environment up" },
    {
      description: "In a script, also delete declared entries that were removed from the file",
      command: "<%= config.bin %> environment up --yes",
    },
    {
      description: "Create an environment in an AWS account",
      command: "<%= config.bin %> environment up --environment prod",
    },
  ];

  static override flags = { yes: yesFlag };

  async run(): Promise<EnvironmentUpResult> {
    const { flags } = await this.parse(EnvironmentUp);
    const context = this.contextOf(flags);
    const { regions } = await context.settings();
    const settings = settingsPath(context);
    this.note(
      ...[`Environment: ${flags.environment}`, `Regions: ${regions.join(", ")}`],
      ...(settings === undefined ? [""] : [`Settings: ${settings}`, ""]),
    );
    const watch = this.watching(flags);
    const plan = await watchUpdate(watch, async (options) => {
      await prepareEnvironment(context, options);
      return await planEnvironment(context, options);
    });
    this.note(...describeSources(plan));
    for (const warning of plan.expiry) this.warn(warning);
    if (!(await this.#isConfirmed(plan.doomed, flags))) {
      this.note("Nothing was changed.");
      return { environment: flags.environment, changes: {}, outputs: {} };
    }
    const { changes, outputs } = await watchUpdate(watch, (options) => environmentUp(context, plan, options));
    this.log(`✅ Environment ${flags.environment} is up: ${renderChanges(changes)}.`);
    return { environment: flags.environment, changes, outputs };
  }

  /** Lists the data that the update would delete, and prompts. */
  async #isConfirmed(
    doomed: readonly DataToDelete[],
    flags: { readonly yes: boolean; readonly environment: string },
  ): Promise<boolean> {
    if (doomed.length === 0) return true;
    this.note(`⚠️  This will delete staged data that Pulumi.${flags.environment}.yaml no longer declares:`);
    for (const data of doomed) this.note(`  ${describeDoomed(data)}`);
    this.note("");
    const command = commandLine("spawn environment up", flags.environment);
    return await confirm("Continue?", { yes: flags.yes, command });
  }
}

function describeDoomed({ stagingId, regions, filename, sizeBytes, replacedBy }: DataToDelete): string {
  return [
    stagingId,
    ...(filename === undefined ? [] : [filename]),
    ...(sizeBytes === undefined ? [] : [formatBytes(sizeBytes)]),
    regions.join(", "),
    ...(replacedBy === undefined ? [] : [`after ${replacedBy} is complete`]),
  ].join("  ");
}
