import { randomBytes, randomUUID } from "node:crypto";
import { chmod, link, mkdir, open, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as v from "valibot";
import type { Keys } from "../../connection/connection.ts";
import { derived } from "../../connection/local-cloud.ts";
import { ifThere } from "../../files/read.ts";
import { decodeJson, matching } from "../../staging/decode.ts";
import { UserError } from "../../staging/errors.ts";
import { shellQuoted } from "../../staging/shell.ts";
import { type SpawnPaths, spawnPaths } from "../paths.ts";

/** The file with the access key of the local cloud with its data in `folder`. */
export const keyFile = (folder: string): string => join(folder, "key.json");

/**
 * The access key of the local cloud: one per data folder, created at its first start, and stable, so that shells with
 * `spawn env` keep working. Only its owner can read the file.
 * @returns undefined if the local cloud was never started
 * @throws UserError if the file is invalid
 */
export async function readLocalKeys(paths: SpawnPaths = spawnPaths()): Promise<Keys | undefined> {
  const file = keyFile(paths.cloud);
  const handle = await ifThere(open(file));
  if (handle === undefined) return undefined;
  let text: string;
  try {
    refuseOthersFile(file, (await handle.stat()).uid);
    text = await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
  const keys = decodeJson(KEYS, text);
  if (keys !== undefined) return keys;
  throw new UserError("The access key of the local cloud cannot be read", {
    why: `${file} holds no access key: it is damaged.`,
    fix: `rm ${shellQuoted(file)}, then run the command again. It creates a new key; the data stay.`,
  });
}

/**
 * In a folder that others can write to, such as a SPAWN_HOME in /tmp, another user may have planted a known key. Root
 * may work in the folder of any user.
 * @throws UserError
 */
export function refuseOthersFile(file: string, owner: number, user = process.getuid?.() ?? owner): void {
  if (owner === user || user === 0) return;
  throw new UserError("The access key of the local cloud belongs to another user", {
    why: `${file} belongs to user ${owner}, who therefore knows the key. This is the user ${user}.`,
    fix: "Set SPAWN_HOME to your own folder, such as: export SPAWN_HOME=~/spawn",
  });
}

/** The access key; creates it if there is none, or if other users could have read it. */
export async function ensureLocalKeys(paths: SpawnPaths): Promise<Keys> {
  const file = keyFile(paths.cloud);
  if (await wasReadableByOthers(file)) await rm(file, { force: true });
  const known = await readLocalKeys(paths);
  if (known !== undefined) return known;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, `${JSON.stringify(newKeys())}\n`, { mode: 0o600, flag: "wx" });
    // Fails if another command was faster: then both use its key.
    await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  const keys = await readLocalKeys(paths);
  if (keys === undefined) throw new Error(`${file} was removed while it was made`);
  return keys;
}

/**
 * Restricts the file's mode. A file system without modes (a mounted Windows disk) keeps it open; there the mode means
 * nothing.
 */
async function wasReadableByOthers(file: string): Promise<boolean> {
  const modeOf = async () => ((await ifThere(stat(file)))?.mode ?? 0) & 0o077;
  if ((await modeOf()) === 0) return false;
  await chmod(file, 0o600);
  return (await modeOf()) === 0;
}

function newKeys(): Keys {
  // 20 characters, like AWS's. AWS does not use the prefix, so scanners for leaked account keys ignore it.
  const id = [...randomBytes(10)].map((byte) => ID_LETTERS[byte % ID_LETTERS.length]).join("");
  return { accessKeyId: `SPAWNLOCAL${id}`, secretAccessKey: randomBytes(30).toString("base64url") };
}

const ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const KEYS = v.object({
  accessKeyId: matching(/^[A-Z0-9]{16,128}$/),
  secretAccessKey: matching(/^[\w+/=-]{32,128}$/),
});

/**
 * The key of another account on the local cloud: its access key ID is the account ID, and the secret is derived from
 * the user's.
 */
export const keysOfAccount = (keys: Keys, account: string): Keys => ({
  accessKeyId: account,
  secretAccessKey: derived(keys, `account ${account}`),
});
