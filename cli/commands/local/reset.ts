import { resetCloud } from "../../../local/cloud/cloud.ts";
import { removeMachines } from "../../../local/machines/machines.ts";
import { progressPrinter } from "../../../local/progress.ts";
import { BaseCommand } from "../../base-command.ts";
import { confirm } from "../../confirm.ts";
import { yesFlag } from "../../flags.ts";
import { ExactScreen } from "../../screen.ts";
import { forgetKnownIds } from "../../services/completion/known-ids.ts";
import { findLocalStacks, forgetStacks } from "../../services/environment/local-stacks.ts";

interface LocalResetResult {
  readonly reset: boolean;
  /** Its endpoint after a restart, if it was running. */
  readonly endpoint: string | null;
  /** Stacks that the reset kept, because their environment is not on the local cloud, or its cloud is unknown. */
  readonly kept: readonly string[];
}

export default class LocalReset extends BaseCommand {
  static override summary = "Delete everything in the local cloud.";
  static override description =
    "Deletes every bucket, object, table, role and instance in it, and the state and settings of the stacks of its environments, in every kind of backend. The command keeps the stacks, settings and interrupted uploads of environments on AWS, and names them. It restarts the local cloud if it was running. Afterwards run: spawn environment up.";
  static override examples = [
    { description: "Empty the local cloud", command: "<%= config.bin %> local reset" },
    { description: "Empty it in a script", command: "<%= config.bin %> local reset --yes" },
  ];

  static override flags = { yes: yesFlag };

  async run(): Promise<LocalResetResult> {
    const { flags } = await this.parse(LocalReset);
    this.note("⚠️  This will delete everything in the local cloud and cannot be undone.");
    if (!(await confirm("Continue?", { yes: flags.yes, command: "spawn local reset" }))) {
      this.note("Nothing was deleted.");
      return { reset: false, endpoint: null, kept: [] };
    }
    const steps = progressPrinter(new ExactScreen(process.stderr));
    const stacks = await findLocalStacks(steps);
    const { kept } = stacks;
    await removeMachines();
    const { restarted } = await resetCloud();
    await forgetStacks(stacks, steps);
    await forgetKnownIds();
    this.log(
      `The local cloud is empty${restarted === undefined ? "." : ` and running at ${restarted.endpoint}.`}`,
    );
    if (kept.length > 0) {
      this.note(`Kept, since they are not known to be on the local cloud: ${kept.join(", ")}`);
    }
    return { reset: true, endpoint: restarted?.endpoint ?? null, kept };
  }
}
