import { ensureCloud, type RunningCloud } from "../../../local/cloud/cloud.ts";
import { resumeMachines } from "../../../local/machines/resume.ts";
import { progressPrinter } from "../../../local/progress.ts";
import { BaseCommand } from "../../base-command.ts";
import { ExactScreen } from "../../screen.ts";

export default class LocalUp extends BaseCommand {
  static override summary = "Start the local cloud, an AWS emulator on this machine.";
  static override description =
    "Other commands start it on demand. It runs in the background, listens on 127.0.0.1 only and keeps its data across restarts. The first start installs it, which takes some seconds.";
  static override examples = [
    { description: "Start the local cloud", command: "<%= config.bin %> local up" },
    { description: "Use it with an AWS client", command: 'eval "$(<%= config.bin %> env)" && aws s3 ls' },
  ];

  /** Without the key: `spawn env` exports it, and users copy this output into logs. */
  async run(): Promise<Omit<RunningCloud, "keys">> {
    await this.parse(LocalUp);
    const printer = progressPrinter(new ExactScreen(process.stderr));
    const { onProgress } = printer;
    const cloud = await ensureCloud({ onProgress }).finally(printer.done);
    if (cloud.movedFrom !== undefined) {
      this.warn(
        `The local cloud was at ${cloud.movedFrom} before; run eval "$(${this.suggested("spawn env")})" again in shells that use it.`,
      );
    }
    this.log(
      `The local cloud ${cloud.started ? "is running" : "was running already"} at ${cloud.endpoint} (process ${cloud.pid}).`,
    );
    const machines = await resumeMachines({ onProgress }).finally(printer.done);
    if (machines !== undefined) this.log(`Its instances run again (process ${machines.pid}).`);
    const { keys: _, ...shown } = cloud;
    return shown;
  }
}
