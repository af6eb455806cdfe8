import { Flags } from "@oclif/core";
import type { StagingRecord } from "../../../staging/record.ts";
import { BaseCommand } from "../../base-command.ts";
import type { Context } from "../../context.ts";
import { formatFlag, stagingIdArg } from "../../flags.ts";
import { renderDetails } from "../../render/details.ts";
import { findDamage, type RegionPresence } from "../../services/entry/presence.ts";
import {
  type EntryReport,
  type EntryReportJson,
  reportEntry,
  toReportJson,
} from "../../services/entry/report.ts";
import { resolveId } from "../../services/entry/resolve-id.ts";
import { watchUpdate } from "../../watch-update.ts";

export default class StageInfo extends BaseCommand {
  static override summary = "Show everything about one staging entry.";
  static override description =
    `Shows the location, expiry, lifecycle rules, sharing, usage, costs and savings of an entry. Instances count when they download the data; savings include only instances outside the primary region.

Checks every region without reading the data, and reports each as complete, missing, different, or not reachable. If a region is not complete, the command still prints everything, and the exit code is 1. Missing data of an expired entry are not a failure.

Costs come from the usage ledger, like those of stage cost, with the guide's prices: a region counts while it holds the data.`;
  static override examples = [
    { description: "Show an entry", command: "<%= config.bin %> stage info stage-abc123def456" },
    {
      description: "Compare every region's data with the recorded SHA-256",
      command: "<%= config.bin %> stage info stage-abc123def456 --verify",
    },
    {
      description: "Get its checksum in a script",
      command: "<%= config.bin %> stage info stage-abc123def456 --format json | jq -r .sha256",
    },
  ];

  static override args = { "staging-id": stagingIdArg };

  static override flags = {
    format: formatFlag(),
    verify: Flags.boolean({
      summary:
        "Compare every byte in every region with the recorded SHA-256, and check all resources for drift.",
      description:
        "Also reports manual changes of the record, usage row, tags, access points and bucket rules. Reads the objects of one region, and those of another region if S3 has no checksum of both complete objects. AWS charges for the transfer to this machine.",
      default: false,
    }),
  };

  async run(): Promise<EntryReportJson | undefined> {
    const { args, flags } = await this.parse(StageInfo);
    const context = this.contextOf(flags);
    const id = await resolveId(context, args["staging-id"]);
    const onProblem = (error: Error) => this.warn(error);
    const known = await reportEntry(
      context,
      id,
      onProblem,
      flags.verify ? (_, record) => this.#verify(context, record, flags.verbose) : undefined,
    );
    this.#reportDamage(known, flags.environment);
    const report = flags.verify ? { ...known, drift: await this.#compare(context, known.record) } : known;
    return await this.print(toReportJson(report), flags.format, () => renderDetails(report));
  }

  async #verify(context: Context, record: StagingRecord, verbose: boolean): Promise<RegionPresence[]> {
    const { verifyRegions } = await import("../../services/entry/presence.ts");
    return watchUpdate(this.watching({ verbose }), (options) => verifyRegions(context, record, options));
  }

  /** Drift makes the command fail. A part that cannot be compared is a warning: the data themselves are verified. */
  async #compare(context: Context, record: StagingRecord): Promise<readonly string[] | undefined> {
    const { compareAll, entryDrift, environmentDrift } = await import("../../services/entry/drift.ts");
    const checks = [environmentDrift(context, record.regions), entryDrift(context, record)];
    const { found, hasDrift, warnings } = await compareAll(record.stagingId, checks);
    for (const warning of warnings) this.warn(warning);
    if (hasDrift) process.exitCode = 1;
    return found;
  }

  /** Incomplete data are a failure, unless the entry has expired and S3 has deleted them. */
  #reportDamage({ record, presence, now }: EntryReport, environment: string): void {
    const damage = findDamage(record, presence, now, environment);
    if (damage === undefined) return;
    this.incomplete(`${damage.message}. Fix: ${damage.fix}`);
  }
}
