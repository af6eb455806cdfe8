import { type ChildProcess, spawn } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { findDirectory } from "../../../../provider/transfer/source/directory.ts";
import type { Access } from "../../../../provider/transfer/source/folder.ts";
import type { LocalFile } from "../../../../provider/transfer/source/source.ts";
import { UserError } from "../../../../staging/errors.ts";
import { THREADS } from "../threads.ts";

const OTHER = 65534;
const WALKS = 60;

/** Another user, if possible, swaps a folder and a file for links repeatedly while the tree is listed and read. */
describe("a source under constant attack by another process", () => {
  let base: string;
  let attacker: ChildProcess;
  before(async () => {
    base = await realpath(await mkdtemp(join(tmpdir(), "spawn attacked ")));
    await chmod(base, 0o755);
    for (const folder of ["tree/theirs/low", "secret/low"])
      await mkdir(join(base, folder), { recursive: true });
    for (const path of ["a", "low/a"]) {
      await writeFile(join(base, "tree/theirs", path), "open");
      await writeFile(join(base, "secret", path), "hush", { mode: 0o600 });
    }
    await chmod(join(base, "secret"), 0o700);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot)
      for (const path of ["", "low", "a", "low/a"])
        await chown(join(base, "tree/theirs", path), OTHER, OTHER);
    const attack = `cd '${base}/tree/theirs' && while :; do
mv low was; ln -s '${base}/secret/low' low; rm low; mv was low
mv a b; ln -s '${base}/secret/a' a; rm a; mv b a
done 2>/dev/null`;
    attacker = spawn("/bin/sh", ["-c", attack], {
      ...(isRoot ? { uid: OTHER, gid: OTHER } : {}),
      stdio: "ignore",
      detached: true,
    });
  });
  after(async () => {
    const { pid } = attacker;
    const ended = new Promise((resolve) => attacker.once("exit", resolve));
    // The shell and its children.
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
    await ended;
    await rm(base, { recursive: true });
  });

  for (const access of ["descriptors", "paths"] as const satisfies readonly Access[]) {
    it(`never yields a file that only this user can read, with folders kept by ${access}`, async () => {
      const { signal } = new AbortController();
      for (let walk = 0; walk < WALKS; walk += 1) {
        try {
          const found = await findDirectory(join(base, "tree"), { threads: THREADS, signal, access });
          for await (const entry of found.entries(signal)) {
            if (entry.type !== "file") continue;
            const bytes = Buffer.from(new SharedArrayBuffer(entry.size));
            await (entry as LocalFile).readWhole(bytes);
            expect(bytes.toString()).to.equal("open");
          }
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          expect(error.message).to.match(/replaced|vanished|no such file|leaves the directory|changed/);
        }
      }
      expect(attacker.exitCode).to.equal(null);
    });
  }
});
