import { BaseCommand } from "../../base-command.ts";
import { sweepIdArg } from "../../flags.ts";
import { type SweepJson, toSweepJson } from "../../services/sweep/listing.ts";
import { resolveSweepId } from "../../services/sweep/resolve-id.ts";
import { reportEnd, watchOnScreen } from "../../watch-sweep.ts";

export default class SweepWatch extends BaseCommand {
  static override summary = "Follow a sweep until it ends.";
  static override description =
    "Shows a progress bar per region or, in a pipe, a line per change. The exit code is 0 if every index is done, otherwise 1. Ctrl-C stops following; the sweep continues.";
  static override examples = [
    { description: "Follow a sweep", command: "<%= config.bin %> sweep watch sweep-abc123def456" },
    {
      description: "Run a command after it has succeeded",
      command: "<%= config.bin %> sweep watch sweep-abc123def456 && ./collect.sh",
    },
  ];

  static override args = { "sweep-id": sweepIdArg };

  async run(): Promise<SweepJson | undefined> {
    const { args, flags } = await this.parse(SweepWatch);
    const context = this.contextOf(flags);
    const id = await resolveSweepId(context, args["sweep-id"]);
    const progress = await watchOnScreen(context, id, { quiet: this.jsonEnabled() });
    this.note(reportEnd(progress, id, flags.environment));
    return progress && toSweepJson(progress);
  }
}
