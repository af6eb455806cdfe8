import { priceBook } from "../../../staging/price-books.ts";
import { BaseCommand } from "../../base-command.ts";
import { commandsIn } from "../../command-line.ts";
import { formatFlag, sweepIdArg } from "../../flags.ts";
import { renderSweep } from "../../render/sweep-details.ts";
import { reportSweep, type SweepReportJson, toSweepReportJson } from "../../services/sweep/report.ts";
import { resolveSweepId } from "../../services/sweep/resolve-id.ts";
import { settingsHere } from "../../services/sweep/settings.ts";
import { costAtMost } from "../../services/sweep/spending.ts";
import { sweepTable } from "../../services/sweep/tables.ts";

export default class SweepInfo extends BaseCommand {
  static override summary = "Show everything about one sweep.";
  static override description =
    "Shows the progress of each region, failed indices with their reasons, the maximum cost of the instances at list prices (on the machine that launched the sweep), and the next commands. The exit code is 0 in every state of the sweep; the exit code of spawn sweep watch depends on it.";
  static override examples = [
    { description: "Show a sweep", command: "<%= config.bin %> sweep info sweep-abc123def456" },
    {
      description: "Get the failed indices in a script",
      command: "<%= config.bin %> sweep info sweep-abc123def456 --format json | jq .indices.failed",
    },
  ];

  static override args = { "sweep-id": sweepIdArg };

  static override flags = { format: formatFlag() };

  async run(): Promise<SweepReportJson | undefined> {
    const { args, flags } = await this.parse(SweepInfo);
    const context = this.contextOf(flags);
    const id = await resolveSweepId(context, args["sweep-id"]);
    const report = await reportSweep(await sweepTable(context), id, (error) => this.incomplete(error));
    const spec = (await settingsHere(context.environmentName, id))?.spec;
    const cost = spec && costAtMost(report, spec, priceBook("aws").instanceHour);
    return await this.print(toSweepReportJson(report, cost), flags.format, () =>
      renderSweep(report, cost, commandsIn(flags.environment)),
    );
  }
}
