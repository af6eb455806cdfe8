import { mkdir } from "node:fs/promises";
import { ensureEngine } from "../../local/engine/engine.ts";
import { spawnPaths } from "../../local/paths.ts";
import { progressPrinter } from "../../local/progress.ts";
import { formatExports, toolEnvironment } from "../../local/tool-environment.ts";
import { BaseCommand } from "../base-command.ts";
import { writeOut } from "../output.ts";

export default class Env extends BaseCommand {
  static override summary =
    "Print the variables with which plain pulumi and AWS clients work on the same environment.";
  static override description =
    "Prints export lines for a POSIX shell: PATH with the engine and the plugins, the state, the local cloud's endpoint, keys and region. Starts the local cloud, and brings the engine where it is missing.";
  static override examples = [
    {
      description: "See what an update would change, with pulumi itself",
      command: 'eval "$(<%= config.bin %> env)" && pulumi preview -s dev',
    },
    { description: "Look into the local cloud", command: 'eval "$(<%= config.bin %> env)" && aws s3 ls' },
  ];

  async run(): Promise<Record<string, string>> {
    const { flags } = await this.parse(Env);
    const context = this.contextOf(flags);
    // First: a wrong environment must not cost the time that the engine's build takes.
    const settings = await context.settings();
    const printer = progressPrinter(process.stderr);
    const engine = await ensureEngine({ onProgress: printer.onProgress }).finally(printer.done);
    const stateUrl = await context.stateUrl();
    // The engine takes a folder as its backend only if it exists.
    if (stateUrl === `file://${spawnPaths().state}`) await mkdir(spawnPaths().state, { recursive: true });
    const variables = toolEnvironment({
      engine,
      cloud: settings.cloud,
      region: settings.tableRegion,
      endpoint: await context.endpoint(),
      stateUrl,
    });
    if (this.jsonEnabled()) return variables;
    await writeOut(formatExports(variables));
    if (process.stdout.isTTY) this.note('To set them in this shell: eval "$(spawn env)"');
    return variables;
  }
}
