import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { settingsPath } from "../../render/environment.ts";
import { type EnvironmentStatus, environmentStatus } from "../../services/environment/status.ts";

export default class EnvironmentStatusCommand extends BaseCommand {
  static override summary = "Show whether the environment is up.";
  static override description =
    "Checks the buckets and tables in AWS, and shows their account. Starts no engine. Exits with 1 if a resource is missing.";
  static override examples = [
    { description: "Check the environment", command: "<%= config.bin %> environment status" },
    {
      description: "Create it if it is missing",
      command: "<%= config.bin %> environment status || <%= config.bin %> environment up",
    },
  ];

  async run(): Promise<EnvironmentStatus> {
    const { flags } = await this.parse(EnvironmentStatusCommand);
    const context = this.contextOf(flags);
    const status = await environmentStatus(context);
    const line = (label: string, name: string, there: boolean, mark = "") =>
      this.log(`  ${label.padEnd(16)} ${name.padEnd(40)} ${there ? "up" : "missing"}${mark}`);
    this.log(
      `Environment: ${status.environment} (${status.cloud}${status.endpoint === null ? "" : `, ${status.endpoint}`})`,
    );
    const settings = settingsPath(context);
    if (settings !== undefined) this.log(`  ${"settings".padEnd(16)} ${settings}`);
    if (status.account !== null) this.log(`  ${"account".padEnd(16)} ${status.account}`);
    for (const { region, bucket, exists, adopted } of status.buckets) {
      line(region, bucket, exists, adopted ? " (yours, adopted)" : "");
    }
    for (const { role, table, exists } of status.tables) line(role, table, exists);
    for (const missing of status.missing)
      if (!/^the (table|bucket) /.test(missing)) this.log(`  missing: ${missing}`);
    if (!status.up) {
      this.note(`Fix: ${commandLine("spawn environment up", flags.environment)}`);
      process.exitCode = 1;
    }
    return status;
  }
}
