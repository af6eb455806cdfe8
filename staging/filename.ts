import { InputError } from "./errors.ts";

/** @throws InputError when S3 could store data under `filename` but not list them */
export function refuseControlCharacters(filename: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(filename)) {
    throw new InputError(`the file name ${JSON.stringify(filename)} contains a control character`, {
      why: "S3 lists its keys as XML, which cannot hold it.",
      fix: "Rename the file.",
    });
  }
}
