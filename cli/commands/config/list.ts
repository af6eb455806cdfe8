import { BaseCommand } from "../../base-command.ts";
import { writeOut } from "../../output.ts";
import { CONFIG_COLUMNS } from "../../render/config.ts";
import { renderTable } from "../../render/table.ts";
import { type ConfigEntry, listConfig } from "../../services/config/config.ts";

export default class ConfigList extends BaseCommand {
  static override summary = "List every key with its value and origin.";
  static override description =
    "Shows the defaults of flags for the environment in --environment. A value comes from a variable, from spawn config set (user config), from Pulumi.<environment>.yaml, or from the program.";
  static override examples = [
    { description: "List all values", command: "<%= config.bin %> config list" },
    {
      description: "List the values of another environment",
      command: "<%= config.bin %> config list --environment prod",
    },
  ];

  async run(): Promise<ConfigEntry[]> {
    const { flags } = await this.parse(ConfigList);
    const entries = await listConfig(this.contextOf(flags));
    if (!this.jsonEnabled()) await writeOut(renderTable(CONFIG_COLUMNS, entries));
    return entries;
  }
}
