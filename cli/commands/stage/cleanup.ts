import { Flags } from "@oclif/core";
import { parseSweepId } from "../../../staging/entry.ts";
import { InputError } from "../../../staging/errors.ts";
import { timeToRemoveBy } from "../../../staging/server-clock.ts";
import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { type ConfirmOptions, confirm } from "../../confirm.ts";
import type { Context } from "../../context.ts";
import { ifGiven, yesFlag } from "../../flags.ts";
import { writeOut } from "../../output.ts";
import { renderCleanup } from "../../render/cleanup.ts";
import { plural } from "../../render/text.ts";
import { type CleanupResult, carryOut, planCleanup } from "../../services/cleanup/cleanup.ts";
import { type CleanupJson, toCleanupJson } from "../../services/cleanup/json.ts";
import { type CleanupPlan, type CleanupQuestion, isEmpty, isRemovable } from "../../services/cleanup/plan.ts";
import type { Outcome } from "../../services/common/concurrent.ts";
import { failureOf } from "../../services/common/outcomes.ts";
import { serverTime } from "../../services/common/server-time.ts";
import { updateKnownIds } from "../../services/completion/known-ids.ts";
import { watchDeletion } from "../../watch-deletion.ts";

interface Cleanup {
  readonly context: Context;
  readonly question: CleanupQuestion;
  /** The command without --yes, for suggested fixes. */
  readonly command: string;
  readonly now: Date;
  readonly verbose: boolean;
}

export default class StageCleanup extends BaseCommand {
  static override summary = "Remove expired entries, the entries of a sweep, or orphans.";
  static override description =
    `--expired removes entries past their TTL: S3 and DynamoDB delete their data and records, but not their stacks and access points. --sweep-id removes all entries of a sweep; with --expired, only its expired entries.

In every case, the command also reports orphans: data in the environment's buckets without a record and a stack, and multipart uploads under complete entries. --orphans removes them. Data that changed within the last day, data of an unfinished upload, and data without the name of a staging entry are never orphans. Orphans in a bucket that this environment did not create are only reported.

Entries that the environment's file declares are only reported, never removed. --dry-run shows what would be removed, and changes nothing. Costs use the guide's prices.`;
  static override examples = [
    { description: "Show expired entries", command: "<%= config.bin %> stage cleanup --expired --dry-run" },
    {
      description: "Remove expired entries in a nightly job",
      command: "<%= config.bin %> stage cleanup --expired --yes",
    },
    {
      description: "Remove all data of a sweep",
      command: "<%= config.bin %> stage cleanup --sweep-id sweep-xyz789",
    },
    { description: "Remove orphans", command: "<%= config.bin %> stage cleanup --orphans" },
  ];

  static override flags = {
    expired: Flags.boolean({ summary: "Remove expired entries.", default: false }),
    "sweep-id": Flags.string({ summary: "Remove the entries of this sweep.", helpValue: "ID" }),
    orphans: Flags.boolean({ summary: "Remove data without an owner.", default: false }),
    "dry-run": Flags.boolean({ summary: "Show what would be removed, without removing it.", default: false }),
    yes: yesFlag,
  };

  async run(): Promise<CleanupJson> {
    const { flags } = await this.parse(StageCleanup);
    const context = this.contextOf(flags);
    const question: CleanupQuestion = {
      expired: flags.expired,
      sweepId: ifGiven(flags["sweep-id"], parseSweepId),
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
    const plan = await planCleanup(context, question, cleanup.now, (error) => this.incomplete(error));
    const text = isEmpty(plan) ? "" : renderCleanup(plan, question, context.environmentName);
    if (text !== "" && !this.jsonEnabled()) await writeOut(text);
    const wanted = toRemove(plan, question);
    if (wanted === "") {
      this.note(...(isEmpty(plan) ? ["Nothing to clean up."] : ["", "Nothing was removed."]));
    } else if (flags["dry-run"]) {
      this.note("", `Nothing was removed. To remove ${wanted}: ${command}`);
    } else if (await this.#isConfirmed(`Remove ${wanted} for good?`, { yes: flags.yes, command })) {
      return await this.#carryOut(cleanup, plan);
    } else {
      this.note("Nothing was removed.");
    }
    return toCleanupJson(context, plan, undefined, flags["dry-run"]);
  }

  async #isConfirmed(question: string, options: ConfirmOptions): Promise<boolean> {
    if (!options.yes) this.note("");
    return await confirm(question, options);
  }

  async #carryOut({ context, question, command, now, verbose }: Cleanup, plan: CleanupPlan) {
    const result = await watchDeletion(plan.entries, this.watching({ verbose }), (events) =>
      carryOut(context, plan, question, now, {
        ...events,
        onProblem: (error) => this.incomplete(error),
        onWait: () => this.note("Waiting for another cleanup of this machine…"),
        onRemoved: ({ id }) => this.note(`${id}: Removing orphans... ✓`),
      }),
    );
    const removed = result.entries.filter(({ state, item }) => state === "done" && !result.kept.has(item.id));
    await updateKnownIds(context, "entries", { remove: removed.map(({ item }) => item.id) });
    for (const [id, why] of result.kept) this.note(`${id}: Left as it is. ${why}`);
    this.#end(context, result, command);
    return toCleanupJson(context, plan, result, false);
  }

  /** @throws UserError if an item remains; with --json the results show it */
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

  /** Unfinished uploads of other machines are known only by their stacks. */
  async #warnOfOtherMachines(context: Context): Promise<void> {
    const { cloud } = await context.settings();
    if (cloud !== "aws") return;
    const url = await context.stateUrl();
    if (url !== undefined && !url.startsWith("file://")) return;
    const where = url === undefined ? "where pulumi login has chosen" : "on this machine";
    this.warn(
      `The stacks' state is kept ${where}: uploads of other users with another state are unknown here, and look like orphans after a day without changes.`,
    );
  }
}

/**
 * The server's time.
 * @throws UserError if the cleanup removes data by age, and this machine's clock is wrong
 */
async function timeOf(question: CleanupQuestion, context: Context): Promise<Date> {
  const now = await serverTime(context);
  if (question.expired) return timeToRemoveBy("which entries have expired");
  return question.orphans ? timeToRemoveBy("the age of data without an owner") : now;
}

/** @throws InputError if nothing is selected */
function commandFor({ expired, sweepId, orphans }: CleanupQuestion, { environmentName }: Context): string {
  const flags = [
    expired ? "--expired" : "",
    sweepId === undefined ? "" : `--sweep-id ${sweepId}`,
    orphans ? "--orphans" : "",
  ].filter(Boolean);
  if (flags.length === 0) {
    throw new InputError("nothing selected to clean up", {
      why: "Select at least one of --expired, --sweep-id ID and --orphans.",
      fix: commandLine("spawn stage cleanup --expired --dry-run", environmentName),
    });
  }
  return commandLine(`spawn stage cleanup ${flags.join(" ")}`, environmentName);
}

/** `2 entries and 1 leftover`; empty if nothing is selected. */
function toRemove({ entries, orphans }: CleanupPlan, question: CleanupQuestion): string {
  const leftovers = question.orphans ? orphans.filter(isRemovable).length : 0;
  return [
    entries.length === 0 ? "" : entries.length === 1 ? "1 entry" : `${entries.length} entries`,
    leftovers === 0 ? "" : plural(leftovers, "leftover"),
  ]
    .filter(Boolean)
    .join(" and ");
}
