import { type StopResult, stopCloud } from "../../../local/cloud/cloud.ts";
import { stopMachines } from "../../../local/machines/machines.ts";
import { BaseCommand } from "../../base-command.ts";

export default class LocalDown extends BaseCommand {
  static override summary = "Stop the local cloud and its instances. Its data are kept.";
  static override description =
    "The next command that needs it starts it again with its data. Instances of sweeps then boot again.";
  static override examples = [
    { description: "Stop the local cloud", command: "<%= config.bin %> local down" },
  ];

  async run(): Promise<StopResult> {
    await this.parse(LocalDown);
    // First: they would report a stopped local cloud.
    await stopMachines();
    const result = await stopCloud();
    if (result.warning !== undefined) this.warn(result.warning);
    this.log(
      result.stopped ? "The local cloud is stopped. Its data are kept." : "The local cloud was not running.",
    );
    return result;
  }
}
