import { readFile } from "node:fs/promises";
import { readYamlDocument, UNLIMITED } from "./yaml-document.ts";

/** The text of a file; undefined if it does not exist. @throws the system's error if it cannot be read */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** @throws InputError that names `file` and the line if `text` is not YAML of bounded size */
export function parseYaml(text: string, file: string): unknown {
  return readYamlDocument(text, file).document.toJS(UNLIMITED) as unknown;
}
