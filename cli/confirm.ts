import { createInterface } from "node:readline";
import { InputError, UserError } from "../staging/errors.ts";
import { printable } from "../staging/printable.ts";
import { ExactScreen } from "./screen.ts";

/** The terminal of the prompt; by default the process's own. */
interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Prompts go to stderr: stdout is for results. */
  readonly output: NodeJS.WritableStream;
}

export interface ConfirmOptions {
  /** Skips the prompt (`--yes`). */
  readonly yes: boolean;
  /** The command to repeat with `--yes`, for the error without a terminal. */
  readonly command: string;
  readonly terminal?: Terminal;
}

/**
 * Prompts with a y/N question. Only `y` and `yes` confirm; the end of the input does not.
 * @throws InputError (exit code 2) if stdin is not a terminal and `--yes` is not set
 * @throws UserError with exit code 130 on Ctrl-C
 */
export async function confirm(question: string, options: ConfirmOptions): Promise<boolean> {
  if (options.yes) return true;
  const { input, output } = options.terminal ?? {
    input: process.stdin,
    output: new ExactScreen(process.stderr),
  };
  if (input.isTTY !== true) {
    throw new InputError("the command needs a confirmation", {
      why: "The input is not a terminal, so the command needs --yes.",
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
