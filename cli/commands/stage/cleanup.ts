import { Flags } from "@oclif/core";
import { parseSweepId } from "../../../staging/entry.ts";
import { InputError, type UserError } from "../../../staging/errors.ts";
import { timeToRemoveBy } from "../../../staging/server-clock.ts";
import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { type ConfirmOptions, confirm } from "../../confirm.ts";
import type { Context } from "../../context.ts";
import { yesFlag } from "../../flags.ts";
import { writeOut } from "../../output.ts";
import { renderCleanup } from "../../render/cleanup.ts";
import { plural } from "../../render/text.ts";
import { type CleanupResult, carryOut, planCleanup } from "../../services/cleanup/cleanup.ts";
import { type CleanupJson, toCleanupJson } from "../../services/cleanup/json.ts";
import { type CleanupPlan, type CleanupQuestion, isEmpty, isRemovable } from "../../services/cleanup/plan.ts";
import { failureOf } from "../../services/common/outcomes.ts";
import { serverTime } from "../../services/common/server-time.ts";
import type { Outcome } from "../../services/common/side-by-side.ts";
import { watchDeletion } from "../../watch-deletion.ts";

interface Cleanup {
  readonly context: Context;
  readonly question: CleanupQuestion;
  /** The command without --yes, for remedies. */
  readonly command: string;
  readonly now: Date;
  readonly verbose: boolean;
}

export default class StageCleanup extends BaseCommand {
  static override summary = "Remove what has expired, what belongs to a sweep, or what nobody owns.";
  static override description =
    `--expired removes entries past their TTL: S3 and DynamoDB remove their data and records by themselves, but not their stacks and access points. --sweep-id removes all entries of a sweep; with --expired as well, only those of the sweep that have expired.

Whatever is asked for, it also reports what nobody owns: data in the environment's buckets that no record and no stack knows, and multipart uploads under entries that are whole. --orphans removes it. What changed within the last day, what belongs to an upload that has not ended, and what is not named like a staging entry is never taken for it; in a bucket that this environment has not made it is reported only.

Entries that the environment's file declares are never removed, only reported. --dry-run shows what would be removed and changes nothing. Costs are under the guide's prices.`;
  static override examples = [
    { description: "See what has expired", command: "<%= config.bin %> stage cleanup --expired --dry-run" },
    {
      description: "Remove what has expired, in a nightly job",
      command: "<%= config.bin %> stage cleanup --expired --yes",
    },
    {
      description: "Remove all data of a sweep",
      command: "<%= config.bin %> stage cleanup --sweep-id sweep-xyz789",
    },
    { description: "Remove what nobody owns", command: "<%= config.bin %> stage cleanup --orphans" },
  ];

  static override flags = {
    expired: Flags.boolean({ summary: "Remove entries that have expired.", default: false }),
    "sweep-id": Flags.string({ summary: "Remove the entries of this sweep.", helpValue: "ID" }),
    orphans: Flags.boolean({ summary: "Remove what nobody owns.", default: false }),
    "dry-run": Flags.boolean({ summary: "Show what would be removed, and remove nothing.", default: false }),
    yes: yesFlag,
  };

  async run(): Promise<CleanupJson> {
    const { flags } = await this.parse(StageCleanup);
    const context = this.contextOf(flags);
    const question: CleanupQuestion = {
      expired: flags.expired,
      sweepId: flags["sweep-id"] === undefined ? undefined : parseSweepId(flags["sweep-id"]),
      orphans: flags.orphans,
    };
    const command = commandFor(question, context);
    const cleanup: Cleanup = {
      context,
      question,
      command,
      now: await timeOf(question, context),
      verbose: flags.verbose,
    };
    await this.#warnOfOtherMachines(context);
    const plan = await planCleanup(context, question, cleanup.now, (error) => this.#problem(error));
    const text = isEmpty(plan) ? "" : renderCleanup(plan, question, context.environmentName);
    if (text !== "" && !this.jsonEnabled()) await writeOut(text);
    const wanted = toRemove(plan, question);
    if (wanted === "") {
      this.note(...(isEmpty(plan) ? ["There is nothing to clean up."] : ["", "Nothing was removed."]));
    } else if (flags["dry-run"]) {
      this.note("", `Nothing was removed. To remove ${wanted}: ${command}`);
    } else if (await this.#agreed(`Remove ${wanted} for good?`, { yes: flags.yes, command })) {
      return await this.#carryOut(cleanup, plan);
    } else {
      this.note("Nothing was removed.");
    }
    return toCleanupJson(context, plan, undefined, flags["dry-run"]);
  }

  async #agreed(question: string, options: ConfirmOptions): Promise<boolean> {
    if (!options.yes) this.note("");
    return await confirm(question, options);
  }

  async #carryOut({ context, question, command, now, verbose }: Cleanup, plan: CleanupPlan) {
    const result = await watchDeletion(plan.entries, { quiet: this.jsonEnabled(), verbose }, (events) =>
      carryOut(context, plan, question, now, {
        ...events,
        onProblem: (error) => this.#problem(error),
        onWait: () => this.note("Waiting for another cleanup of this machine…"),
        onRemoved: ({ id }) => this.note(`${id}: Removing what nobody owns... ✓`),
      }),
    );
    for (const [id, why] of result.kept) this.note(`${id}: Left as it is. ${why}`);
    this.#end(context, result, command);
    return toCleanupJson(context, plan, result, false);
  }

  /** @throws UserError unless all is removed; under --json the results tell it */
  #end(context: Context, { entries, orphans, kept }: CleanupResult, command: string): void {
    const outcomes: Outcome<{ readonly id: string }>[] = [...entries, ...orphans];
    const failure = failureOf(
      context,
      outcomes,
      ({ id }) => id,
      ["item", "items"],
      () => `${command} --yes`,
    );
    if (failure === undefined)
      this.note("", `✅ Cleaned up: ${plural(outcomes.length - kept.size, "item")} removed`);
    else if (this.jsonEnabled()) process.exitCode = failure.exitCode;
    else throw failure;
  }

  /** Uploads that were begun elsewhere and have not ended are known by their stacks alone. */
  async #warnOfOtherMachines(context: Context): Promise<void> {
    const { cloud } = await context.settings();
    if (cloud !== "aws") return;
    const url = await context.stateUrl();
    if (url !== undefined && !url.startsWith("file://")) return;
    const where = url === undefined ? "where pulumi login has chosen" : "on this machine";
    this.warn(
      `The stacks' state is kept ${where}: what others are uploading with a state of their own is not known here, and looks like nobody's once it has not changed for a day.`,
    );
  }

  /** The rest is cleaned up, but it does not end as a success. */
  #problem(error: UserError): void {
    this.warn(error);
    process.exitCode = 1;
  }
}

/**
 * The server's time.
 * @throws UserError if the cleanup removes data by their age, and this machine's clock is wrong
 */
async function timeOf(question: CleanupQuestion, context: Context): Promise<Date> {
  const now = await serverTime(context);
  if (question.expired) return timeToRemoveBy("which entries have expired");
  return question.orphans ? timeToRemoveBy("the age of data without an owner") : now;
}

/** @throws InputError when nothing is asked for */
function commandFor({ expired, sweepId, orphans }: CleanupQuestion, { environmentName }: Context): string {
  const flags = [
    expired ? "--expired" : "",
    sweepId === undefined ? "" : `--sweep-id ${sweepId}`,
    orphans ? "--orphans" : "",
  ].filter(Boolean);
  if (flags.length === 0) {
    throw new InputError("it is not said what is to be cleaned up", {
      why: "That is at least one of --expired, --sweep-id ID and --orphans.",
      fix: commandLine("spawn stage cleanup --expired --dry-run", environmentName),
    });
  }
  return commandLine(`spawn stage cleanup ${flags.join(" ")}`, environmentName);
}

/** `2 entries and 1 leftover`; empty where nothing is to be removed. */
function toRemove({ entries, orphans }: CleanupPlan, question: CleanupQuestion): string {
  const leftovers = question.orphans ? orphans.filter(isRemovable).length : 0;
  return [
    entries.length === 0 ? "" : entries.length === 1 ? "1 entry" : `${entries.length} entries`,
    leftovers === 0 ? "" : plural(leftovers, "leftover"),
  ]
    .filter(Boolean)
    .join(" and ");
}
