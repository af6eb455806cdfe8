import { Args } from "@oclif/core";
import { UserError } from "../../../staging/errors.ts";
import { BaseCommand } from "../../base-command.ts";
import { commandLine } from "../../command-line.ts";
import { writeOut } from "../../output.ts";
import { type ConfigEntry, getConfig } from "../../services/config/config.ts";
import { parseConfigKey } from "../../services/config/keys.ts";

export default class ConfigGet extends BaseCommand {
  static override summary = "Print the value that commands take where no flag says otherwise.";
  static override description =
    "The value may be set by a variable, by spawn config set, by the environment's settings file, or be the default; spawn config list says which.";
  static override examples = [
    { description: "Print the default TTL", command: "<%= config.bin %> config get staging.ttl" },
    {
      description: "Look into the bucket of a region",
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
        why: "The backend that pulumi login has chosen is used.",
        fix: commandLine(`spawn config set ${entry.key} s3://BUCKET`, flags.environment),
      });
    }
    if (!this.jsonEnabled()) await writeOut(`${entry.value}\n`);
    return entry;
  }
}
