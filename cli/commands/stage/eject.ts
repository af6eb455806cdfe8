import { Args } from "@oclif/core";
import { settingsFileName } from "../../../staging/environment.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { BaseCommand } from "../../base-command.ts";
import { updateEntry } from "../../services/entry/stack-update.ts";
import { ejectEntry } from "../../services/environment/eject.ts";
import { withMoveLock } from "../../services/environment/move-lock.ts";
import { watchUpdate } from "../../watch-update.ts";

interface StageEjectResult {
  readonly staging_id: string;
  readonly file: string;
}

export default class StageEject extends BaseCommand {
  static override summary = "Remove an entry from the environment's settings file, and keep its data.";
  static override description =
    `Moves a declared entry from the stack of the environment to a stack of its own, and removes its item from spawn:entries in Pulumi.<environment>.yaml. The command moves no data, and readers find the entry at all times. Afterwards stage update and stage delete work on the entry.

After an interruption, run the same command again; until then, updates of the environment refuse the item.`;
  static override examples = [
    { description: "Eject the item reference", command: "<%= config.bin %> stage eject reference" },
    { description: "Eject an entry", command: "<%= config.bin %> stage eject stage-abc123def456" },
  ];

  static override args = {
    entry: Args.string({
      required: true,
      description: "Name of the item, or ID of the entry, such as stage-abc123def456.",
    }),
  };

  async run(): Promise<StageEjectResult> {
    const { args, flags } = await this.parse(StageEject);
    const id = await watchUpdate(this.watching(flags), (options) =>
      withMoveLock(this.contextOf(flags), options, async () => {
        const context = this.freshContextOf(flags);
        const update = async (record: StagingRecord) => {
          const { regions, destination, ttl, sweepId, allowAccounts } = record;
          const after = { regions, destination, ttl, sweepId, allowAccounts };
          await updateEntry(context, { record, after }, options);
        };
        return await ejectEntry(context, args.entry, update, options);
      }),
    );
    const file = settingsFileName(flags.environment);
    this.log(`✅ ${id} has a stack of its own; ${file} no longer declares it. Commit the file.`);
    return { staging_id: id, file };
  }
}
