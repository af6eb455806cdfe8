import { Args } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { writeForPrograms } from "../output.ts";
import { completionScript, SHELLS } from "../services/completion/scripts.ts";

interface CompletionResult {
  readonly shell: string;
  readonly script: string;
}

export default class Completion extends BaseCommand {
  static override summary = "Print a script that completes commands, flags, IDs and regions in your shell.";
  static override description =
    "The TAB key then completes commands, flags and their options, staging IDs, sweep IDs, regions, environments, keys of spawn config, and names of files. zsh and fish also show the name of an entry or a sweep.\n\nA completion sends no request and starts nothing. The IDs come from a file in the data folder, which stage upload, list and delete, launch, sweep list and delete update for each environment. Entries and sweeps of other machines appear after the next list.";
  static override examples = [
    { description: "In ~/.bashrc", command: 'eval "$(<%= config.bin %> completion bash)"' },
    { description: "In ~/.zshrc", command: 'eval "$(<%= config.bin %> completion zsh)"' },
    {
      description: "For fish, once",
      command: "<%= config.bin %> completion fish > ~/.config/fish/completions/spawn.fish",
    },
  ];

  static override args = {
    shell: Args.string({ required: true, options: [...SHELLS], description: "Your shell." }),
  };

  async run(): Promise<CompletionResult | undefined> {
    const { args } = await this.parse(Completion);
    const shell = SHELLS.find((known) => known === args.shell) ?? "bash";
    const script = completionScript(shell);
    if (this.jsonEnabled()) return { shell, script };
    await writeForPrograms(script);
    return undefined;
  }
}
