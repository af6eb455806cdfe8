import { Args } from "@oclif/core";
import { stringify } from "yaml";
import { parseStagingId } from "../../../staging/ids.ts";
import { BaseCommand } from "../../base-command.ts";
import { formatFlag } from "../../flags.ts";
import { writeOut } from "../../output.ts";
import { renderDetails } from "../../render/details.ts";
import { type StagingMetadata, toMetadata } from "../../services/metadata.ts";
import { getRecord, getUsage } from "../../services/records.ts";

export default class StageInfo extends BaseCommand {
  static override summary = "Show everything about one staging entry.";
  static override description =
    "Shows where the data are, when they expire, who has used them, what they have cost so far and what that saved. Instances are counted when they fetch the data; savings count only those outside the primary region.";
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
      description: "ID of the entry, such as stage-abc123def456.",
    }),
  };

  static override flags = { format: formatFlag() };

  async run(): Promise<StagingMetadata | undefined> {
    const { args, flags } = await this.parse(StageInfo);
    const id = parseStagingId(args["staging-id"]);
    const tables = await this.contextOf(flags).tables();
    const [record, usage] = await Promise.all([getRecord(tables, id), getUsage(tables, id)]);
    const metadata = toMetadata(record, usage);
    if (this.jsonEnabled()) return metadata;
    if (flags.format === "json") {
      await writeOut(`${JSON.stringify(metadata, null, 2)}\n`);
    } else if (flags.format === "yaml") {
      await writeOut(stringify(metadata));
    } else {
      await writeOut(renderDetails(record, usage, new Date()));
    }
    return undefined;
  }
}
