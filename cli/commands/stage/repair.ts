import { Flags } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { stagingIdArg } from "../../flags.ts";
import { writeOut } from "../../output.ts";
import { textOf } from "../../screen.ts";
import { presenceJson, type RegionPresenceJson } from "../../services/entry/presence.ts";
import { repairEntry } from "../../services/entry/repair.ts";
import { resolveId } from "../../services/entry/resolve-id.ts";
import { watchUpdate } from "../../watch-update.ts";

interface StageRepairResult {
  readonly staging_id: string;
  /** The repaired regions. */
  readonly repaired: readonly { readonly region: string; readonly from: string }[];
  /** Other repairs, such as `the usage row`. */
  readonly parts: readonly string[];
  /** The state of each region after the repair. */
  readonly presence: Readonly<Record<string, RegionPresenceJson>>;
}

export default class StageRepair extends BaseCommand {
  static override summary =
    "Repair an entry: missing and different copies, its record, usage row, tags and access points.";
  static override description =
    `Checks every region as stage info does. If the data of a region are missing or differ from the staged data, the command copies them inside S3 from a complete region, and compares each object with its source. It can repair any region, including the primary one. Overwritten objects stay as old versions for a day. The expiry time does not change.

Also restores other resources of the entry that were deleted or changed by hand. For an entry that Pulumi.<environment>.yaml declares, spawn environment up does so.

Complete regions do not change. To resume an interrupted repair, run the same command again. The exit code is 1 if no region is complete, or if a region cannot be reached.`;
  static override examples = [
    { description: "Repair an entry", command: "<%= config.bin %> stage repair stage-abc123def456" },
    {
      description: "Compare every byte before and after",
      command: "<%= config.bin %> stage repair stage-abc123def456 --verify",
    },
  ];

  static override args = { "staging-id": stagingIdArg };

  static override flags = {
    verify: Flags.boolean({
      summary: "Compare every byte in every region with the recorded SHA-256, before and after.",
      default: false,
    }),
  };

  async run(): Promise<StageRepairResult | undefined> {
    const { args, flags } = await this.parse(StageRepair);
    const context = this.contextOf(flags);
    const id = await resolveId(context, args["staging-id"]);
    const { regions, parts, presence } = await watchUpdate(this.watching(flags), (options) =>
      repairEntry(context, { id, verify: flags.verify }, options),
    );
    if (this.jsonEnabled())
      return { staging_id: id, repaired: regions, parts, presence: presenceJson(presence) };
    const lines = regions.map(({ region, from }) => `Repaired ${region} from ${from}`);
    if (parts.length > 0) lines.push(`Put right: ${parts.join(", ")}`);
    if (lines.length === 0) lines.push("Nothing to repair: every region is whole.");
    await writeOut(`${textOf(lines)}\n`);
    return undefined;
  }
}
