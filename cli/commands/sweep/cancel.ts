import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { confirm } from "../../confirm.ts";
import { sweepIdArg, yesFlag } from "../../flags.ts";
import { countsText } from "../../render/sweep-progress.ts";
import { plural } from "../../render/text.ts";
import { cancelRun } from "../../services/sweep/cancel.ts";
import { resolveSweepId } from "../../services/sweep/resolve-id.ts";
import { sweepTable } from "../../services/sweep/tables.ts";
import { readSweepProgress } from "../../services/sweep/watch.ts";
import { watchUpdate } from "../../watch-update.ts";

interface SweepCancelResult {
  readonly sweep_id: string;
  readonly cancelled: boolean;
  /** Indices that this command cancelled. */
  readonly indices: number;
}

export default class SweepCancel extends BaseCommand {
  static override summary = "End the workers of a sweep, and cancel its unfinished indices.";
  static override description =
    "Terminates all instances of the sweep at once, and cancels the pending and running indices. Completed indices stay. spawn sweep retry runs the cancelled indices again; spawn sweep delete deletes the sweep's AWS resources.";
  static override examples = [
    {
      description: "Cancel a sweep after a prompt",
      command: "<%= config.bin %> sweep cancel sweep-abc123def456",
    },
    {
      description: "Cancel it in a script",
      command: "<%= config.bin %> sweep cancel sweep-abc123def456 --yes",
    },
  ];

  static override args = { "sweep-id": sweepIdArg };

  static override flags = { yes: yesFlag };

  async run(): Promise<SweepCancelResult> {
    const { args, flags } = await this.parse(SweepCancel);
    const context = this.contextOf(flags);
    const id = await resolveSweepId(context, args["sweep-id"]);
    const { meta, total } = await readSweepProgress(await sweepTable(context), id);
    const command = (text: string): string => commandLine(text, flags.environment);
    if (total.pending + total.running === 0) {
      this.note(`${id} has ended: ${countsText(total)}.`);
      // An interrupted cancellation may have left workers.
      await cancelRun(context, meta, {});
      return { sweep_id: id, cancelled: false, indices: 0 };
    }
    this.note(`Cancelling sweep: ${id} (${meta.name})`, `Indices: ${countsText(total)}`, "");
    if (!(await confirm("Continue?", { yes: flags.yes, command: command(`spawn sweep cancel ${id}`) }))) {
      this.note("Nothing was cancelled.");
      return { sweep_id: id, cancelled: false, indices: 0 };
    }
    const indices = await watchUpdate(this.watching(flags), (options) => cancelRun(context, meta, options));
    this.note(
      `✅ Sweep cancelled (${plural(indices, "index", "indices")})`,
      `To run them again: ${command(`spawn sweep retry ${id}`)}`,
    );
    return { sweep_id: id, cancelled: true, indices };
  }
}
