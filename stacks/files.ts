import { readFile } from "node:fs/promises";
import { readYamlDocument, UNLIMITED } from "./yaml-document.ts";

/** The text of a file; undefined when there is none. @throws the system's error when it cannot be read */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** @throws InputError that names `file` and the line unless `text` is YAML that can be read in bounded time and memory */
export function parseYaml(text: string, file: string): unknown {
  return readYamlDocument(text, file).document.toJS(UNLIMITED) as unknown;
}
