import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { writeOut } from "../../output.ts";
import { presenceJson, type RegionPresenceJson } from "../../services/presence.ts";
import { repairEntry } from "../../services/repair.ts";
import { resolveId } from "../../services/resolve-id.ts";
import { watchUpdate } from "../../watch-update.ts";

export interface StageRepairResult {
  readonly staging_id: string;
  /** Regions whose copies were made again. */
  readonly repaired: readonly { readonly region: string; readonly from: string }[];
  /** What each region holds now. */
  readonly presence: Readonly<Record<string, RegionPresenceJson>>;
}

export default class StageRepair extends BaseCommand {
  static override summary = "Make missing or different copies of an entry again, from a whole one.";
  static override description =
    `Looks into every region as stage info does. Where the data are missing, or are not what was staged, it copies them inside S3 from a region that is whole, and compares each object with its source. Any region can be repaired, the primary one, too. What was overwritten stays as an old version for a day. The data expire when they would have expired.

What is whole stays as it is. A repair that was interrupted is completed by the same command again. Exit code 1 where no region is whole, or one cannot be reached.`;
  static override examples = [
    { description: "Repair an entry", command: "<%= config.bin %> stage repair stage-abc123def456" },
    {
      description: "Compare every byte before and after",
      command: "<%= config.bin %> stage repair stage-abc123def456 --verify",
    },
  ];

  static override args = {
    "staging-id": Args.string({
      required: true,
      description: "ID of the entry, such as stage-abc123def456, or its first digits, such as abc1.",
    }),
  };

  static override flags = {
    verify: Flags.boolean({
      summary: "Compare every byte of every region with the recorded SHA-256, before and after.",
      default: false,
    }),
  };

  async run(): Promise<StageRepairResult | undefined> {
    const { args, flags } = await this.parse(StageRepair);
    const context = this.contextOf(flags);
    const id = await resolveId(context, args["staging-id"]);
    const { regions, presence } = await watchUpdate(
      { quiet: this.jsonEnabled(), verbose: flags.verbose },
      (options) => repairEntry(context, { id, verify: flags.verify }, options),
    );
    if (this.jsonEnabled()) return { staging_id: id, repaired: regions, presence: presenceJson(presence) };
    const lines = regions.map(({ region, from }) => `Repaired ${region} from ${from}`);
    if (lines.length === 0) lines.push("Nothing to repair: every region is whole.");
    await writeOut(`${lines.join("\n")}\n`);
    return undefined;
  }
}
