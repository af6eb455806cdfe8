import type { VariableChanges } from "../../connection/variables.ts";
import { PASSPHRASE_VARIABLES } from "../../local/engine/variables.ts";
import { formatExports, shellChanges } from "../../local/tool-environment.ts";
import { BaseCommand } from "../base-command.ts";
import { engineShell } from "../command-line.ts";
import { prepareTools } from "../engine/session.ts";
import { writeData } from "../output.ts";

export default class Env extends BaseCommand {
  static override summary = "Print variables for plain pulumi and AWS clients that use the same environment.";
  static override description =
    "Prints lines for a POSIX shell that export PATH with the engine and the plugins, the state, the local cloud's endpoint, access key and region, and unset the AWS settings of this shell that lead to other servers. Does not print values that this shell already has; the user's passphrase and proxies stay. Starts the local cloud, and installs the engine if it is missing.";
  static override examples = [
    {
      description: "Preview an update with plain pulumi",
      command: 'eval "$(<%= config.bin %> env)" && pulumi preview -s dev',
    },
    { description: "Inspect the local cloud", command: 'eval "$(<%= config.bin %> env)" && aws s3 ls' },
  ];

  async run(): Promise<Readonly<Record<string, string | null>>> {
    const { flags } = await this.parse(Env);
    const context = this.contextOf(flags);
    const { environmentName } = context;
    const tools = await prepareTools(context);
    const variables = shellChanges(tools.variables, process.env);
    const chosen = PASSPHRASE_VARIABLES.find((name) => process.env[name] !== undefined);
    if (
      chosen !== undefined &&
      tools.variables[PASSPHRASE_VARIABLES[0]] === "" &&
      process.env[PASSPHRASE_VARIABLES[0]] !== ""
    ) {
      this.note(
        `${chosen} stays as it is. The stacks of ${environmentName} have the empty passphrase: PULUMI_CONFIG_PASSPHRASE= pulumi preview -s ${environmentName}`,
      );
    }
    if (this.jsonEnabled()) return asJson(variables);
    await writeData(formatExports(variables));
    if (process.stdout.isTTY) this.note(`To set them in this shell: ${engineShell(environmentName)}`);
    return asJson(variables);
  }
}

/** In JSON, null means that the variable must be unset. */
const asJson = (variables: VariableChanges): Record<string, string | null> =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value ?? null]));
