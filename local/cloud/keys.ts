import { randomBytes, randomUUID } from "node:crypto";
import { chmod, link, mkdir, open, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as v from "valibot";
import type { Keys } from "../../connection/connection.ts";
import { derived } from "../../connection/local-cloud.ts";
import { decodeJson, matching } from "../../staging/decode.ts";
import { UserError } from "../../staging/errors.ts";
import { shellQuoted } from "../../staging/shell.ts";
import { type SpawnPaths, spawnPaths } from "../paths.ts";

/** The file with the access key of the local cloud whose data are in `folder`. */
export const keyFile = (folder: string): string => join(folder, "key.json");

/**
 * The access key of the local cloud: one for each data folder, made at its first start, and stable, so that shells with
 * `spawn env` keep working. Only its owner can read the file.
 * @returns undefined where the local cloud was never started
 * @throws UserError when the file cannot be understood
 */
export async function readLocalKeys(paths: SpawnPaths = spawnPaths()): Promise<Keys | undefined> {
  const file = keyFile(paths.cloud);
  let text: string;
  try {
    const handle = await open(file);
    try {
      refuseOthersFile(file, (await handle.stat()).uid);
      text = await handle.readFile("utf8");
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const keys = decodeJson(KEYS, text);
  if (keys !== undefined) return keys;
  throw new UserError("The access key of the local cloud cannot be read", {
    why: `${file} holds no access key: it is damaged.`,
    fix: `rm ${shellQuoted(file)}, then run the command again. It makes a new key; the data stay.`,
  });
}

/**
 * In a folder that others can write to, such as a SPAWN_HOME in /tmp, another user may have put a key that he knows. Root may work
 * in the folder of any user.
 * @throws UserError
 */
export function refuseOthersFile(file: string, owner: number, user = process.getuid?.() ?? owner): void {
  if (owner === user || user === 0) return;
  throw new UserError("The access key of the local cloud is another user's", {
    why: `${file} belongs to the user ${owner}, who knows the key then. This is the user ${user}.`,
    fix: "Choose a folder of your own by SPAWN_HOME, such as: export SPAWN_HOME=~/spawn",
  });
}

/** The access key, which this makes where there is none, or where other users could have read it. */
export async function ensureLocalKeys(paths: SpawnPaths): Promise<Keys> {
  const file = keyFile(paths.cloud);
  if (await wasReadableByOthers(file)) await rm(file, { force: true });
  const known = await readLocalKeys(paths);
  if (known !== undefined) return known;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, `${JSON.stringify(newKeys())}\n`, { mode: 0o600, flag: "wx" });
    // Fails where another command was faster: then both use its key.
    await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  const made = await readLocalKeys(paths);
  if (made === undefined) throw new Error(`${file} was removed while it was made`);
  return made;
}

/** Closes the file. A file system without modes (a mounted Windows disk) keeps it open: there, the mode says nothing. */
async function wasReadableByOthers(file: string): Promise<boolean> {
  const modeOf = () =>
    stat(file).then(
      ({ mode }) => mode & 0o077,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return 0;
        throw error;
      },
    );
  if ((await modeOf()) === 0) return false;
  await chmod(file, 0o600);
  return (await modeOf()) === 0;
}

function newKeys(): Keys {
  // 20 characters, as AWS's. The prefix is none of AWS's, so that scanners for leaked keys of accounts stay quiet.
  const id = [...randomBytes(10)].map((byte) => ID_LETTERS[byte % ID_LETTERS.length]).join("");
  return { accessKeyId: `SPAWNLOCAL${id}`, secretAccessKey: randomBytes(30).toString("base64url") };
}

const ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const KEYS = v.object({
  accessKeyId: matching(/^[A-Z0-9]{16,128}$/),
  secretAccessKey: matching(/^[\w+/=-]{32,128}$/),
});

/** The key of another account on the local cloud: its number is the access key id, and the secret follows from the user's. */
export const keysOfAccount = (keys: Keys, account: string): Keys => ({
  accessKeyId: account,
  secretAccessKey: derived(keys, `account ${account}`),
});
