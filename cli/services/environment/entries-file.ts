import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../../files/replace.ts";
import { parseEnvironmentText } from "../../../stacks/environment-file.ts";
import { settingsFileName } from "../../../staging/environment.ts";
import type { Context } from "../../context.ts";

/**
 * Edits the environment's file. The new text is parsed before it replaces the file, whole or not at all.
 * @throws InputError if the file cannot be edited; it is unchanged then
 */
export async function editFile(
  context: Pick<Context, "environmentName" | "projectFolder">,
  edit: (text: string, file: string) => string,
): Promise<void> {
  const file = settingsFileName(context.environmentName);
  const path = join(context.projectFolder, file);
  const text = edit(await readFile(path, "utf8"), file);
  parseEnvironmentText(text, context.projectFolder, context.environmentName);
  await replaceFile(path, text);
}
