import { Args } from "@oclif/core";
import { toYaml } from "../../../stacks/yaml.ts";
import { BaseCommand } from "../../base-command.ts";
import { formatFlag } from "../../flags.ts";
import { writeOut } from "../../output.ts";
import { renderDetails } from "../../render/details.ts";
import { type EntryReportJson, reportEntry, toReportJson } from "../../services/entry-report.ts";
import { resolveId } from "../../services/resolve-id.ts";

export default class StageInfo extends BaseCommand {
  static override summary = "Show everything about one staging entry.";
  static override description =
    `Shows where the data are, when they expire and by which lifecycle rule of each bucket, with whom they are shared, who has used them, what they have cost so far and what that saved. Instances are counted when they fetch the data; savings count only those outside the primary region.

Costs come from the usage ledger, as those of stage cost do, and under the guide's prices: a region counts for the time in which the data were there.`;
  static override examples = [
    { description: "Show an entry", command: "<%= config.bin %> stage info stage-abc123def456" },
    {
      description: "Get its checksum in a script",
      command: "<%= config.bin %> stage info stage-abc123def456 --format json | jq -r .sha256",
    },
  ];

  static override args = {
    "staging-id": Args.string({
      required: true,
      description: "ID of the entry, such as stage-abc123def456, or its first digits, such as abc1.",
    }),
  };

  static override flags = { format: formatFlag() };

  async run(): Promise<EntryReportJson | undefined> {
    const { args, flags } = await this.parse(StageInfo);
    const context = this.contextOf(flags);
    const id = await resolveId(context, args["staging-id"]);
    const report = await reportEntry(context, id, (error) => this.warn(error));
    if (this.jsonEnabled()) return toReportJson(report);
    if (flags.format === "json") {
      await writeOut(`${JSON.stringify(toReportJson(report), null, 2)}\n`);
    } else if (flags.format === "yaml") {
      await writeOut(toYaml(toReportJson(report)));
    } else {
      await writeOut(renderDetails(report));
    }
    return undefined;
  }
}
