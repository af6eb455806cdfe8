import { Args } from "@oclif/core";
import { UserError } from "../../../staging/errors.ts";
import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { writeOut } from "../../output.ts";
import { type ConfigEntry, getConfig } from "../../services/config/config.ts";
import { parseConfigKey } from "../../services/config/keys.ts";

export default class ConfigGet extends BaseCommand {
  static override summary = "Print the default of a flag.";
  static override description =
    "The value comes from a variable, from spawn config set, from the environment's settings file, or from the program; spawn config list shows the origin.";
  static override examples = [
    { description: "Print the default TTL", command: "<%= config.bin %> config get staging.ttl" },
    {
      description: "List the bucket of a region",
      command: "aws s3 ls s3://$(<%= config.bin %> config get staging.bucket.us-east-1)/",
    },
  ];

  static override args = {
    key: Args.string({ required: true, description: "Key, such as staging.ttl." }),
  };

  async run(): Promise<ConfigEntry> {
    const { args, flags } = await this.parse(ConfigGet);
    const entry = await getConfig(this.contextOf(flags), parseConfigKey(args.key));
    if (entry.value === null) {
      throw new UserError(`${entry.key} is not set`, {
        why: "spawn uses the backend of pulumi login.",
        fix: commandLine(`spawn config set ${entry.key} s3://BUCKET`, flags.environment),
      });
    }
    if (!this.jsonEnabled()) await writeOut(`${entry.value}\n`);
    return entry;
  }
}
