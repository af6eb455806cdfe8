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
  static override summary = "Set a default for a flag.";
  static override description =
    `Keys for all environments: environment (the one to work on), staging.regions, staging.ttl, staging.replication (defaults of stage upload), prices (guide or aws, for estimate and cost). Keys for the environment in --environment: staging.bucket.<region>, and backend.url, the backend of its stacks' state.

In order of precedence: a flag, a variable (SPAWN_ENVIRONMENT, PULUMI_BACKEND_URL), the value from this command, Pulumi.<environment>.yaml.

spawn adopts an existing bucket that it did not create: it uses the bucket unchanged, and never deletes it. If the region already has another bucket, the next environment up replaces it; a bucket that spawn created must be empty first.`;
  static override examples = [
    {
      description: "Use your own bucket in a region",
      command: "<%= config.bin %> config set staging.bucket.us-east-1 my-spawn-staging-us-east-1",
    },
    {
      description: "Use the environment prod by default",
      command: "<%= config.bin %> config set environment prod",
    },
    {
      description: "Keep data for two weeks by default",
      command: "<%= config.bin %> config set staging.ttl 14",
    },
    {
      description: "Share the state of prod with colleagues",
      command: "<%= config.bin %> config set backend.url s3://example-org-spawn-state --environment prod",
    },
  ];

  static override args = {
    key: Args.string({ required: true, description: "Key, such as staging.ttl." }),
    value: Args.string({ required: true, description: "Value, in the form of the flag." }),
  };

  static override flags = {
    adopt: Flags.boolean({
      allowNo: true,
      summary: "State whether you created the bucket, in place of a check.",
      description: "For a bucket that this machine cannot read.",
    }),
  };

  async run(): Promise<ConfigEntry> {
    const { args, flags } = await this.parse(ConfigSet);
    const key = parseConfigKey(args.key);
    const context = this.contextOf(flags);
    const value = await parseConfigValue(context, key, args.value, { adopt: flags.adopt });
    await setConfig(value, context.environmentName);
    // A new context, because the first one has read the settings before the change.
    const entry = await getConfig(new Context(context.environmentName, NO_PROGRESS), key);
    this.log(`✅ ${key.name} is set.`);
    if (value.kind === "bucket" && value.value?.adopt === true) {
      this.log(`${value.value.name} already exists: spawn will adopt it, and never delete it.`);
    }
    if (entry.source !== "user config") {
      this.warn(`${entry.source} is set in this shell and overrides it: ${entry.value}.`);
    }
    if (key.kind === "bucket") {
      this.note(`To use it: ${commandLine("spawn environment up", context.environmentName)}`);
    }
    return entry;
  }
}
