import { Args } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { parseConfigKey } from "../../services/config/keys.ts";
import { unsetConfig } from "../../services/config/write.ts";

interface ConfigUnsetResult {
  readonly key: string;
  /** Whether it was set. */
  readonly removed: boolean;
}

export default class ConfigUnset extends BaseCommand {
  static override summary = "Remove a value of spawn config set.";
  static override description =
    "The environment's settings file, or the program's default, applies again. A bucket is neither deleted nor emptied.";
  static override examples = [
    { description: "Restore the default TTL", command: "<%= config.bin %> config unset staging.ttl" },
    {
      description: "Restore the bucket of the settings file",
      command: "<%= config.bin %> config unset staging.bucket.us-east-1 --environment prod",
    },
  ];

  static override args = {
    key: Args.string({ required: true, description: "Key, such as staging.ttl." }),
  };

  async run(): Promise<ConfigUnsetResult> {
    const { args, flags } = await this.parse(ConfigUnset);
    const key = parseConfigKey(args.key);
    const removed = await unsetConfig(key, this.contextOf(flags).environmentName);
    if (removed) this.log(`✅ ${key.name} is no longer set.`);
    else this.note(`${key.name} was not set.`);
    return { key: key.name, removed };
  }
}
