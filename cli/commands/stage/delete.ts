import { Args } from "@oclif/core";
import { parseStagingId } from "../../../staging/ids.ts";
import { REPLICATION, STAGED_DATA } from "../../../staging/resources.ts";
import { formatBytes } from "../../../staging/units.ts";
import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { confirm } from "../../confirm.ts";
import type { ResourceChange } from "../../engine/update.ts";
import { yesFlag } from "../../flags.ts";
import { printable } from "../../render/text.ts";
import { type Deletable, deleteEntry, findDeletable } from "../../services/delete.ts";
import { watchUpdate } from "../../watch-update.ts";

export interface StageDeleteResult {
  readonly staging_id: string;
  readonly deleted: boolean;
}

export default class StageDelete extends BaseCommand {
  static override summary = "Delete an entry's data from all regions.";
  static override description =
    "Removes the record first, so that no instance picks the entry any more, then every version of its objects in every region. Also removes what an upload that did not end has left.";
  static override examples = [
    {
      description: "Delete an entry, after a question",
      command: "<%= config.bin %> stage delete stage-abc123def456",
    },
    {
      description: "Delete it in a script",
      command: "<%= config.bin %> stage delete stage-abc123def456 --yes",
    },
  ];

  static override args = {
    "staging-id": Args.string({
      required: true,
      description: "ID of the entry, such as stage-abc123def456.",
    }),
  };

  static override flags = { yes: yesFlag };

  async run(): Promise<StageDeleteResult> {
    const { args, flags } = await this.parse(StageDelete);
    const id = parseStagingId(args["staging-id"]);
    const context = this.contextOf(flags);
    const entry = await findDeletable(context, id);
    this.note(describe(entry));
    this.note("⚠️  This will delete data from all regions and cannot be undone.\n");
    const command = commandLine(`spawn stage delete ${id}`, flags.environment);
    if (!(await confirm("Continue?", { yes: flags.yes, command }))) {
      this.note("Nothing was deleted.");
      return { staging_id: id, deleted: false };
    }
    const onChange = (change: ResourceChange) => {
      const line = stepLine(change);
      if (line !== undefined) this.note(line);
    };
    await watchUpdate({ quiet: this.jsonEnabled(), verbose: flags.verbose, onChange }, (options) =>
      deleteEntry(context, entry, options),
    );
    this.note("Removing metadata... ✓\n\n✅ Staging deleted");
    return { staging_id: id, deleted: true };
  }
}

function describe({ id, filename, sizeBytes, regions }: Deletable): string {
  return [
    `Deleting staged data: ${id}`,
    `File: ${filename === undefined ? "unknown" : printable(filename)}`,
    `Size: ${sizeBytes === undefined ? "unknown (the upload did not end)" : formatBytes(sizeBytes)}`,
    `Regions: ${regions.length === 0 ? "unknown" : regions.join(", ")}`,
    "",
  ].join("\n");
}

/** The line for a finished step of the deletion, where it is one that people know of. */
function stepLine({ op, type, inputs }: ResourceChange): string | undefined {
  if (op !== "delete" || (type !== STAGED_DATA && type !== REPLICATION)) return undefined;
  return `Deleting from ${String(inputs["region"])}... ✓`;
}
