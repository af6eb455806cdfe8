import { rm } from "node:fs/promises";
import { resetCloud } from "../../../local/cloud/cloud.ts";
import { spawnPaths } from "../../../local/paths.ts";
import { BaseCommand } from "../../base-command.ts";
import { confirm } from "../../confirm.ts";
import { yesFlag } from "../../flags.ts";

export interface LocalResetResult {
  readonly reset: boolean;
  /** Where it runs again, if it was running. */
  readonly endpoint: string | null;
}

/** State that describes resources which are gone would keep the next update from making them again. */
async function forgetStacks(): Promise<void> {
  const { state, stacks } = spawnPaths();
  for (const folder of [state, stacks]) await rm(folder, { recursive: true, force: true });
}

export default class LocalReset extends BaseCommand {
  static override summary = "Delete everything in the local cloud.";
  static override description =
    "Deletes every bucket, object, table and role in it, and the state of the stacks that made them; nothing in AWS is touched. It is started again if it was running. Then: spawn environment up.";
  static override examples = [
    { description: "Empty the local cloud", command: "<%= config.bin %> local reset" },
    { description: "Empty it in a script", command: "<%= config.bin %> local reset --yes" },
  ];

  static override flags = { yes: yesFlag };

  async run(): Promise<LocalResetResult> {
    const { flags } = await this.parse(LocalReset);
    this.note("⚠️  This will delete everything in the local cloud and cannot be undone.");
    if (!(await confirm("Continue?", { yes: flags.yes, command: "spawn local reset" }))) {
      this.note("Nothing was deleted.");
      return { reset: false, endpoint: null };
    }
    const { restarted } = await resetCloud();
    await forgetStacks();
    this.log(
      `The local cloud is empty${restarted === undefined ? "." : ` and running at ${restarted.endpoint}.`}`,
    );
    return { reset: true, endpoint: restarted?.endpoint ?? null };
  }
}
