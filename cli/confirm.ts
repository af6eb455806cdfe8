import { createInterface } from "node:readline";
import { InputError, UserError } from "../staging/errors.ts";
import { printable } from "../staging/printable.ts";
import { ExactScreen } from "./screen.ts";

/** Where the question is asked; by default the process's own terminal. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Questions go to stderr: stdout is for results. */
  readonly output: NodeJS.WritableStream;
}

export interface ConfirmOptions {
  /** `--yes`: nothing is asked. */
  readonly yes: boolean;
  /** The command with which nobody is asked, for the error where nobody can answer. */
  readonly command: string;
  readonly terminal?: Terminal;
}

/**
 * Asks a y/N question. Anything but `y` or `yes` is a no; so is the end of the input.
 * @throws InputError (exit code 2) where stdin is not a terminal and `--yes` was not given
 * @throws UserError with exit code 130 on Ctrl-C
 */
export async function confirm(question: string, options: ConfirmOptions): Promise<boolean> {
  if (options.yes) return true;
  const { input, output } = options.terminal ?? {
    input: process.stdin,
    output: new ExactScreen(process.stderr),
  };
  if (input.isTTY !== true) {
    throw new InputError("nobody can answer the question whether to go on", {
      why: "The input is not a terminal, so this needs --yes.",
      fix: `${options.command} --yes`,
    });
  }
  const lines = createInterface({ input, output, terminal: true });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      lines.once("SIGINT", () => {
        output.write("\n");
        reject(new UserError("interrupted", { why: "Nothing was changed.", exitCode: 130 }));
      });
      lines.once("close", () => resolve(""));
      lines.question(`${printable(question)} [y/N]: `, resolve);
    });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
