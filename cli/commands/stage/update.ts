import { Flags } from "@oclif/core";
import { parseAccountList } from "../../../staging/accounts.ts";
import { parseDestination } from "../../../staging/destination.ts";
import { parseSweepId } from "../../../staging/entry.ts";
import { differences, type EntryChanges, regionChanges } from "../../../staging/entry-update.ts";
import { InputError } from "../../../staging/errors.ts";
import { parseRegionList } from "../../../staging/regions.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";
import { BaseCommand } from "../../base-command.ts";
import { confirm } from "../../confirm.ts";
import { stagingIdArg, yesFlag } from "../../flags.ts";
import { writeOut } from "../../output.ts";
import { pointOnlyLines } from "../../render/sharing.ts";
import { renderChanges, renderRegionPlan } from "../../render/update.ts";
import { stagedMetadata } from "../../report-staged.ts";
import { textOf } from "../../screen.ts";
import type { StagingMetadata } from "../../services/entry/metadata.ts";
import { resolveId } from "../../services/entry/resolve-id.ts";
import { updateEntry } from "../../services/entry/stack-update.ts";
import { type PlannedUpdate, planUpdate } from "../../services/entry/update.ts";
import { watchUpdate } from "../../watch-update.ts";

interface StageUpdateResult {
  readonly staging_id: string;
  /** The changed properties: `ttl_days`, `regions`, `destination`, `sweep_id`, `allow_accounts`. */
  readonly changed: readonly string[];
  /** The entry after the update. */
  readonly entry: StagingMetadata;
}

/** The names of the properties in the metadata. */
const METADATA_NAMES = {
  ttl: "ttl_days",
  regions: "regions",
  destination: "destination",
  sweepId: "sweep_id",
  allowAccounts: "allow_accounts",
} as const;

export default class StageUpdate extends BaseCommand {
  static override summary = "Change a staged entry: its TTL, regions, destination, sweep, or readers.";
  static override description =
    `Moves no data, except that an added region gets a replica and a removed region loses its replica. Other properties stay unchanged. To complete an interrupted update, run the same command again.

The TTL counts in days from the upload, not from now. The primary region cannot change. To change an entry that Pulumi.<environment>.yaml declares, edit that file.`;
  static override examples = [
    {
      description: "Keep an entry for 14 days from its upload",
      command: "<%= config.bin %> stage update stage-abc123def456 --ttl 14",
    },
    {
      description: "Add a region; also name the existing ones",
      command: "<%= config.bin %> stage update stage-abc123def456 --regions us-east-1,us-west-2,eu-west-1",
    },
    {
      description: "Remove a region in a script",
      command: "<%= config.bin %> stage update stage-abc123def456 --regions us-east-1 --yes",
    },
    {
      description: "Share it with another AWS account, and stop sharing",
      command:
        "<%= config.bin %> stage update stage-abc123def456 --allow-accounts 123456789012\n<%= config.bin %> stage update stage-abc123def456 --no-allow-accounts",
    },
  ];

  static override args = { "staging-id": stagingIdArg };

  static override flags = {
    ttl: Flags.string({
      summary: "Days from the upload until the data are deleted, 1 to 90.",
      helpValue: "DAYS",
    }),
    regions: Flags.string({
      summary: "All regions of the data, separated by commas, the primary region first.",
      helpValue: "REGIONS",
    }),
    dest: Flags.string({ summary: "Absolute path of the data on instances.", helpValue: "PATH" }),
    "sweep-id": Flags.string({
      summary: "Sweep of the data.",
      helpValue: "ID",
      exclusive: ["no-sweep"],
    }),
    "no-sweep": Flags.boolean({ summary: "Remove the data from their sweep.", default: false }),
    "allow-accounts": Flags.string({
      summary: "All other AWS accounts that may read the data, separated by commas.",
      helpValue: "ACCOUNTS",
      exclusive: ["no-allow-accounts"],
    }),
    "no-allow-accounts": Flags.boolean({
      summary: "Stop sharing the data with other accounts.",
      default: false,
    }),
    yes: yesFlag,
  };

  async run(): Promise<StageUpdateResult | undefined> {
    const { args, flags } = await this.parse(StageUpdate);
    const changes = changesOf(flags);
    const context = this.contextOf(flags);
    const id = await resolveId(context, args["staging-id"]);
    const plan = await planUpdate(context, id, changes);
    let lines = ["Nothing to change."];
    const changed = differences(plan.record, plan.after);
    const isRetagged = plan.bucketReaders.join() !== plan.record.bucketReaders.join();
    if (!plan.isDone) {
      if (!(await this.#isConfirmed(plan, flags.yes))) {
        this.note("Nothing was changed.");
        return this.#result(plan, [], await stagedMetadata(context, id));
      }
      const hasActed = await watchUpdate(this.watching(flags), (options) =>
        updateEntry(context, plan, options),
      );
      if (changed.length > 0) lines = renderChanges(plan.record, plan.after);
      else if (!hasActed) lines = ["Nothing to change."];
      else if (isRetagged) lines = ["The data name the accounts of spawn:readers now."];
      else lines = ["Completed an earlier update."];
      if (isRetagged || changed.includes("allowAccounts"))
        lines.push(
          ...pointOnlyLines({ allowAccounts: plan.after.allowAccounts, bucketReaders: plan.bucketReaders }),
        );
    }
    if (this.jsonEnabled()) return this.#result(plan, changed, await stagedMetadata(context, id));
    await writeOut(`${textOf(lines)}\n`);
    return undefined;
  }

  /** Prompts only before a deletion of data. */
  async #isConfirmed({ record, after }: PlannedUpdate, yes: boolean): Promise<boolean> {
    for (const line of renderRegionPlan(record, after)) this.note(line);
    if (regionChanges(record, after).removed.length === 0) return true;
    return await confirm("Continue?", { yes, command: this.repeated });
  }

  #result(
    { record }: PlannedUpdate,
    changed: readonly (keyof typeof METADATA_NAMES)[],
    entry: StagingMetadata,
  ): StageUpdateResult {
    return { staging_id: record.stagingId, changed: changed.map((name) => METADATA_NAMES[name]), entry };
  }
}

interface ChangeFlags {
  readonly ttl?: string | undefined;
  readonly regions?: string | undefined;
  readonly dest?: string | undefined;
  readonly "sweep-id"?: string | undefined;
  readonly "no-sweep": boolean;
  readonly "allow-accounts"?: string | undefined;
  readonly "no-allow-accounts": boolean;
}

/** @throws InputError for an invalid value, and without any change */
function changesOf(flags: ChangeFlags): EntryChanges {
  const { ttl, regions, dest } = flags;
  const sweep = flags["no-sweep"] ? null : flags["sweep-id"];
  const accounts = flags["allow-accounts"];
  const changes: EntryChanges = {
    ...(ttl === undefined ? {} : { ttl: parseTtlDays(ttl) }),
    ...(regions === undefined ? {} : { regions: parseRegionList(regions) }),
    ...(dest === undefined ? {} : { destination: parseDestination(dest) }),
    ...(sweep === undefined ? {} : { sweepId: sweep === null ? null : parseSweepId(sweep) }),
    ...(accounts === undefined ? {} : { allowAccounts: parseAccountList(accounts) }),
    ...(flags["no-allow-accounts"] ? { allowAccounts: [] } : {}),
  };
  if (Object.keys(changes).length === 0) {
    throw new InputError("no change given", {
      fix: (spell, command) =>
        `${command(`spawn stage update STAGING-ID ${spell("ttl", 14)}`)}. All options: spawn stage update --help`,
    });
  }
  return changes;
}
