import { Args } from "@oclif/core";
import { formatBytes } from "../../../staging/units.ts";
import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { confirm } from "../../confirm.ts";
import type { Context } from "../../context.ts";
import { openSession } from "../../engine/session.ts";
import { yesFlag } from "../../flags.ts";
import type { Outcome } from "../../services/common/concurrent.ts";
import { type ErrorJson, errorJson, explained, failureOf } from "../../services/common/outcomes.ts";
import { updateKnownIds } from "../../services/completion/known-ids.ts";
import { type Deletable, findDeletables } from "../../services/entry/deletable.ts";
import { deleteEntries, deleteEntry } from "../../services/entry/deletion.ts";
import { resolveIds } from "../../services/entry/resolve-id.ts";
import { watchDeletion } from "../../watch-deletion.ts";

interface StageDeleteResult {
  readonly staging_id: string;
  readonly deleted: boolean;
  /** For several entries: the reason why this one was not deleted. */
  readonly error?: ErrorJson;
}

export default class StageDelete extends BaseCommand {
  static override summary = "Delete an entry's data from all regions.";
  static override description =
    `Removes the record first, so that no instance uses the entry any longer, then every version of its objects in every region. Also removes data of an unfinished upload.

Before it changes anything, the command checks for protected resources (pulumi state protect) and for objects under a legal hold or a retention (S3 Object Lock), and refuses the deletion if it finds any. At the end it searches every bucket, table and access point for the ID, and reports "deleted" only if it finds nothing. So it can also delete an entry without a stack or a state file.

With several IDs, the command looks up all entries before it deletes any, then deletes a few at a time. If one deletion fails, the others continue. With --json, the result of several IDs is a list.`;
  static override examples = [
    {
      description: "Delete an entry after a prompt",
      command: "<%= config.bin %> stage delete stage-abc123def456",
    },
    {
      description: "Delete it in a script",
      command: "<%= config.bin %> stage delete stage-abc123def456 --yes",
    },
    {
      description: "Delete several entries after one prompt",
      command: "<%= config.bin %> stage delete stage-abc123def456 stage-0123456789ab",
    },
  ];

  static override args = {
    "staging-id": Args.string({
      required: true,
      multiple: true,
      description: "ID of an entry, such as stage-abc123def456, or its first digits, such as abc1.",
    }),
  };

  static override flags = { yes: yesFlag };

  async run(): Promise<StageDeleteResult | StageDeleteResult[]> {
    const { args, flags } = await this.parse(StageDelete);
    const context = this.contextOf(flags);
    const entries = await findDeletables(context, await resolveIds(context, args["staging-id"]));
    for (const entry of entries) {
      this.note(...describe(entry));
      if (entry.corrupt !== undefined)
        this.warn(`${entry.corrupt.message}. The record is not used: the ID is enough.`);
    }
    this.note("⚠️  This will delete data from all regions and cannot be undone.", "");
    const question = entries.length === 1 ? "Continue?" : `Delete ${entries.length} entries?`;
    if (!(await confirm(question, { yes: flags.yes, command: commandFor(entries, context) }))) {
      this.note("Nothing was deleted.");
      return this.#result(entries.map(({ id }) => ({ staging_id: id, deleted: false })));
    }
    const { entryProject } = await openSession(context);
    const outcomes = await watchDeletion(entries, this.watching(flags), (events) =>
      deleteEntries(entries, events, (entry, options) => deleteEntry(context, entryProject, entry, options)),
    );
    const deleted = outcomes.filter(({ state }) => state === "done").map(({ item }) => item.id);
    await updateKnownIds(context, "entries", { remove: deleted });
    this.#end(context, outcomes);
    return this.#result(outcomes.map((outcome) => resultOf(context, outcome)));
  }

  /** @throws UserError if an entry remains; with --json the results of several show it */
  #end(context: Context, outcomes: readonly Outcome<Deletable>[]): void {
    const [only] = outcomes;
    if (outcomes.length === 1 && only?.state === "failed") throw only.error;
    const failure = failureOf(
      context,
      outcomes,
      ({ id }) => id,
      ["entry", "entries"],
      (left) => `${commandFor(left, context)} --yes`,
    );
    if (failure === undefined) {
      this.note("", `✅ Staging deleted${outcomes.length === 1 ? "" : ` (${outcomes.length} entries)`}`);
      return;
    }
    if (!this.jsonEnabled() || outcomes.length === 1) throw failure;
    process.exitCode = failure.exitCode;
  }

  /** For one entry the result is an object, as in earlier versions. */
  #result(results: StageDeleteResult[]): StageDeleteResult | StageDeleteResult[] {
    const [first] = results;
    return results.length === 1 && first !== undefined ? first : results;
  }
}

const commandFor = (entries: readonly Deletable[], { environmentName }: Context): string =>
  commandLine(`spawn stage delete ${entries.map(({ id }) => id).join(" ")}`, environmentName);

function resultOf(context: Context, outcome: Outcome<Deletable>): StageDeleteResult {
  const result = { staging_id: outcome.item.id, deleted: outcome.state === "done" };
  return outcome.state === "failed"
    ? { ...result, error: errorJson(explained(context, outcome.error)) }
    : result;
}

function describe({ id, filename, sizeBytes, regions }: Deletable): string[] {
  return [
    `Deleting staged data: ${id}`,
    `File: ${filename ?? "unknown"}`,
    `Size: ${sizeBytes === undefined ? "unknown (there is no record of it)" : formatBytes(sizeBytes)}`,
    `Regions: ${regions.length === 0 ? "unknown" : regions.join(", ")}`,
    "",
  ];
}
