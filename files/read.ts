import { readdir, readFile } from "node:fs/promises";

/** The result of an operation on a file; undefined where there is no such file. @throws any other error of the system */
export async function ifThere<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The text of a file; undefined where there is none. @throws the system's error if it cannot be read */
export const readTextIfThere = (path: string): Promise<string | undefined> => ifThere(readFile(path, "utf8"));

/** The names in a folder; none where there is no folder. @throws the system's error if it cannot be read */
export const namesIn = async (folder: string): Promise<string[]> => (await ifThere(readdir(folder))) ?? [];
