import { LOG_TTL_DAYS } from "../../../staging/sweep/names.ts";
import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { confirm } from "../../confirm.ts";
import { sweepIdArg, yesFlag } from "../../flags.ts";
import { countsText } from "../../render/sweep-progress.ts";
import { plural } from "../../render/text.ts";
import { updateKnownIds } from "../../services/completion/known-ids.ts";
import { type DeletableSweep, deleteSweep, findDeletableSweep } from "../../services/sweep/delete.ts";
import { hasEnded } from "../../services/sweep/progress.ts";
import { resolveSweepId } from "../../services/sweep/resolve-id.ts";
import { watchUpdate } from "../../watch-update.ts";

interface SweepDeleteResult {
  readonly sweep_id: string;
  readonly deleted: boolean;
}

export default class SweepDelete extends BaseCommand {
  static override summary = "Delete the AWS resources of a sweep.";
  static override description =
    `Deletes the role, the launch templates and the Auto Scaling groups of the sweep, and its stack. Running workers end, and open indices are cancelled.

Results and staged data stay. Logs stay until they expire, ${LOG_TTL_DAYS} days after they were written; until then spawn sweep logs and spawn sweep info work with the complete ID.`;
  static override examples = [
    {
      description: "Delete a sweep after a prompt",
      command: "<%= config.bin %> sweep delete sweep-abc123def456",
    },
    {
      description: "Delete it in a script",
      command: "<%= config.bin %> sweep delete sweep-abc123def456 --yes",
    },
  ];

  static override args = { "sweep-id": sweepIdArg };

  static override flags = { yes: yesFlag };

  async run(): Promise<SweepDeleteResult> {
    const { args, flags } = await this.parse(SweepDelete);
    const context = this.contextOf(flags);
    const id = await resolveSweepId(context, args["sweep-id"]);
    const sweep = await findDeletableSweep(context, id);
    this.#describe(sweep);
    const command = commandLine(`spawn sweep delete ${id}`, flags.environment);
    if (!(await confirm("Continue?", { yes: flags.yes, command }))) {
      this.note("Nothing was deleted.");
      return { sweep_id: id, deleted: false };
    }
    await watchUpdate(this.watching(flags), (options) => deleteSweep(context, sweep, options));
    await updateKnownIds(context, "sweeps", { remove: [id] });
    this.note(
      "",
      `✅ Sweep deleted. Its logs stay until they expire: ${commandLine(`spawn sweep logs ${id}`, flags.environment)}`,
    );
    return { sweep_id: id, deleted: true };
  }

  #describe({ id, progress, corrupt }: DeletableSweep): void {
    this.note(`Deleting sweep: ${id}`);
    if (corrupt !== undefined) this.warn(`${corrupt.message}. The item is not used: the ID is enough.`);
    if (progress === undefined) {
      this.note("");
      return;
    }
    const { meta, total, state } = progress;
    this.note(`Name: ${meta.name}`, `State: ${state}`, `Indices: ${countsText(total)}`);
    const open = total.pending + total.running;
    if (open > 0) {
      const openIndices = plural(open, "index has", "indices have");
      this.warn(
        hasEnded(progress)
          ? `${openIndices} not ended and will be cancelled.`
          : `The sweep is running: ${openIndices} not ended. Its workers end at once.`,
      );
    }
    this.note("");
  }
}
