import { Flags } from "@oclif/core";
import { parseItemName } from "../../../staging/entry.ts";
import { settingsFileName } from "../../../staging/environment.ts";
import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { stagingIdArg } from "../../flags.ts";
import { resolveId } from "../../services/entry/resolve-id.ts";
import { adoptEntry } from "../../services/environment/adopt.ts";
import { updateAdopted } from "../../services/environment/environment.ts";
import { withMoveLock } from "../../services/environment/move-lock.ts";
import { planEnvironment } from "../../services/environment/plan.ts";
import { watchUpdate } from "../../watch-update.ts";

interface StageAdoptResult {
  readonly staging_id: string;
  /** The item's name in the file of the environment. */
  readonly declared_as: string;
  readonly file: string;
}

export default class StageAdopt extends BaseCommand {
  static override summary = "Declare an existing entry in the environment's settings file.";
  static override description =
    `Adds an item with the entry's ID to spawn:entries in Pulumi.<environment>.yaml; the comments of the file stay. Then moves the entry from its own stack to the stack of the environment, and updates its record. The command moves no data, changes no other entry, and readers find the entry at all times.

Commit the file before the next update from another checkout: an update without the item deletes the entry. After an interruption, run the same command again; until then, updates of the environment refuse the item.`;
  static override examples = [
    { description: "Adopt an entry", command: "<%= config.bin %> stage adopt stage-abc123def456" },
    {
      description: "Choose the item's name",
      command: "<%= config.bin %> stage adopt stage-abc123def456 --name reference",
    },
  ];

  static override args = { "staging-id": stagingIdArg };

  static override flags = {
    name: Flags.custom<string>({
      summary: "Name of the item. Default: the name of the data.",
      parse: async (text) => parseItemName(text),
    })(),
  };

  async run(): Promise<StageAdoptResult> {
    const { args, flags } = await this.parse(StageAdopt);
    const { environment } = flags;
    const context = this.contextOf(flags);
    const id = await resolveId(context, args["staging-id"]);
    const { item, doomed } = await watchUpdate(this.watching(flags), (options) =>
      withMoveLock(context, options, async () => {
        const adopted = await adoptEntry(this.freshContextOf(flags), id, flags.name, options);
        const plan = await planEnvironment(this.freshContextOf(flags), options);
        await updateAdopted(plan, id, options);
        return { item: adopted, doomed: plan.doomed };
      }),
    );
    const file = settingsFileName(environment);
    if (doomed.length > 0) {
      const ids = doomed.map(({ stagingId }) => stagingId).join(", ");
      const preview = commandLine("spawn environment preview", environment);
      this.warn(
        `The next update would delete data of ${ids}: ${file} does not declare them, or their source has changed. See it: ${preview}`,
      );
    }
    this.log(`✅ ${id} is declared in ${file} as item ${item}. Commit the file.`);
    return { staging_id: id, declared_as: item, file };
  }
}
