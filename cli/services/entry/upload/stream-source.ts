import { InputError } from "../../../../staging/errors.ts";

/** Paths of open files of this process. The provider, which sends the data, is another process and cannot open them. */
const HANDED_OVER = /^(-|\/dev\/stdin|\/dev\/fd\/.*|\/proc\/(self|thread-self|\d+)\/fd\/.*)$/;

/** @throws InputError for a source that is the standard input or the `<(…)` of a shell, with the alternative */
export function refuseStandardInput(given: string): void {
  if (HANDED_OVER.test(given)) {
    throw streamError(given === "-" ? '"-" is the standard input' : `${given} is handed over by the shell`);
  }
}

/** The error for a source that can be read only once. */
export function streamError(message: string): InputError {
  return new InputError(message, {
    why: "A source is read more than once: for its SHA-256, to be sent, and after an interruption.",
    fix: (_spell, command) =>
      `Write the data to a file first: YOUR-COMMAND > data.bin && ${command("spawn stage upload data.bin")}`,
  });
}
