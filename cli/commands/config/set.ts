import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { Context } from "../../context.ts";
import { type ConfigEntry, getConfig } from "../../services/config/config.ts";
import { parseConfigKey } from "../../services/config/keys.ts";
import { parseConfigValue } from "../../services/config/values.ts";
import { setConfig } from "../../services/config/write.ts";

const NO_PROGRESS = { onProgress: () => undefined, done: () => undefined };

export default class ConfigSet extends BaseCommand {
  static override summary = "Set a value that commands take where no flag says otherwise.";
  static override description =
    `Keys for all environments: environment (the one to work on), staging.regions, staging.ttl, staging.replication (defaults of stage upload), prices (guide or aws, for estimate and cost). Keys for the one that --environment names: staging.bucket.<region>, and backend.url, where the state of its stacks is.

A flag goes before a variable (SPAWN_ENVIRONMENT, PULUMI_BACKEND_URL), a variable before what is set here, and this before Pulumi.<environment>.yaml.

A bucket that exists and that spawn did not make is adopted: used as it is, and never deleted. Where the region has another one by now, the next environment up puts this one in its place: one that spawn made has to be empty first.`;
  static override examples = [
    {
      description: "Use a bucket of your own in a region",
      command: "<%= config.bin %> config set staging.bucket.us-east-1 my-spawn-staging-us-east-1",
    },
    {
      description: "Work on the environment prod unless told otherwise",
      command: "<%= config.bin %> config set environment prod",
    },
    {
      description: "Keep data for two weeks unless told otherwise",
      command: "<%= config.bin %> config set staging.ttl 14",
    },
    {
      description: "Keep the state of prod where colleagues find it",
      command: "<%= config.bin %> config set backend.url s3://example-org-spawn-state --environment prod",
    },
  ];

  static override args = {
    key: Args.string({ required: true, description: "Key, such as staging.ttl." }),
    value: Args.string({ required: true, description: "Value, as a flag would take it." }),
  };

  static override flags = {
    adopt: Flags.boolean({
      allowNo: true,
      summary: "Say whether a bucket is one that you made, in place of a look at it.",
      description: "For a bucket that cannot be looked at from this machine.",
    }),
  };

  async run(): Promise<ConfigEntry> {
    const { args, flags } = await this.parse(ConfigSet);
    const key = parseConfigKey(args.key);
    const context = this.contextOf(flags);
    const value = await parseConfigValue(context, key, args.value, { adopt: flags.adopt });
    await setConfig(value, context.environmentName);
    // Another context: the first one has read its settings before the change.
    const entry = await getConfig(new Context(context.environmentName, NO_PROGRESS), key);
    this.log(`✅ ${key.name} is set.`);
    if (value.kind === "bucket" && value.value?.adopt === true) {
      this.log(`${value.value.name} is there already: it will be adopted, and never deleted.`);
    }
    if (entry.source !== "user config") {
      this.warn(`${entry.source} is set in this shell and goes before it: ${entry.value}.`);
    }
    if (key.kind === "bucket") {
      this.note(`To use it: ${commandLine("spawn environment up", context.environmentName)}`);
    }
    return entry;
  }
}
