import { execFileSync } from "node:child_process";
import { chmod, link, mkdir, readdir, rename, symlink, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { findDirectory } from "../../../../provider/transfer/source/directory.ts";
import { findFile } from "../../../../provider/transfer/source/file.ts";
import { type Access, SourceFolders } from "../../../../provider/transfer/source/folder.ts";
import {
  type LocalFile,
  SourceChangedError,
  type SourceEntry,
} from "../../../../provider/transfer/source/source.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { THREADS } from "../threads.ts";

const { signal } = new AbortController();

for (const access of ["descriptors", "paths"] as const satisfies readonly Access[]) {
  describe(`a source in which another user replaces files, with folders kept by ${access}`, () => {
    const base = temporaryFolder("spawn replaced ");
    let tree: string;
    let secret: string;
    beforeEach(async () => {
      tree = join(base(), "tree");
      secret = join(base(), "secret");
      for (const path of ["a", "sub/file", "sub/low/file", "z"]) {
        await mkdir(dirname(join(tree, path)), { recursive: true });
        await mkdir(dirname(join(secret, path)), { recursive: true });
        await writeFile(join(tree, path), "open");
        await writeFile(join(secret, path), "hush");
      }
    });

    const content = async (file: LocalFile): Promise<string> => {
      const bytes = Buffer.from(new SharedArrayBuffer(file.size));
      await file.readWhole(bytes);
      return bytes.toString();
    };

    /** Lists the tree, reads each file, and attacks after the first one was found. */
    async function walkAndRead(attack: () => Promise<unknown>, { followLinks = false } = {}) {
      const contents: string[] = [];
      const found = await findDirectory(tree, { threads: THREADS, signal, access, followLinks });
      let isFirst = true;
      for await (const entry of found.entries(signal)) {
        if (isFirst) await attack();
        isFirst = false;
        if (entry.type === "file") contents.push(await content(entry as LocalFile));
      }
      return contents;
    }

    async function failure(work: Promise<unknown>): Promise<Error> {
      const error: unknown = await work.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(Error);
      return error as Error;
    }

    const swap = async (path: string, makeOther: (location: string) => Promise<unknown>) => {
      await rename(join(tree, path), join(base(), "moved"));
      await makeOther(join(tree, path));
    };

    for (const followLinks of [false, true]) {
      const how = followLinks ? "where links are followed" : "where links are not followed";
      it(`never lists a folder that became a link after the listing, ${how}`, async () => {
        const attack = () => swap("sub", (location) => symlink(join(secret, "sub"), location));
        const error = await failure(walkAndRead(attack, { followLinks }));
        expect(error).to.be.instanceOf(SourceChangedError);
        expect(error.message).to.equal(`${join(tree, "sub")} was replaced while it was read`);
      });

      it(`never reads a file in a folder that became a link afterwards, ${how}`, async () => {
        const found = await findDirectory(tree, { threads: THREADS, signal, access, followLinks });
        const entries: SourceEntry[] = [];
        for await (const entry of found.entries(signal)) entries.push(entry);
        await swap("sub", (location) => symlink(join(secret, "sub"), location));
        const files = entries.filter((entry) => entry.type === "file") as LocalFile[];
        for (const file of files.filter(({ path }) => path.startsWith("sub/"))) {
          for (const read of [() => content(file), () => file.open()]) {
            const error = await failure(read());
            expect(error).to.be.instanceOf(SourceChangedError);
            expect(error.message).to.match(/sub.* was replaced while it was read$/);
          }
        }
      });
    }

    it("never follows a link that replaced a folder during the check of the tree", async () => {
      const { renameSync, symlinkSync } = await import("node:fs");
      const seen: string[] = [];
      const onEntry = ({ path }: SourceEntry) => {
        if (seen.push(path) > 1) return;
        renameSync(join(tree, "sub"), join(base(), "moved"));
        symlinkSync(join(secret, "sub"), join(tree, "sub"));
      };
      const error = await failure(findDirectory(tree, { threads: THREADS, signal, access, onEntry }));
      expect(error.message).to.equal(`${join(tree, "sub")} was replaced while it was read`);
      expect(seen).to.deep.equal(["a"]);
    });

    it("refuses another folder with the same names in place of the listed one", async () => {
      const found = await findDirectory(tree, { threads: THREADS, signal, access });
      const files: LocalFile[] = [];
      for await (const entry of found.entries(signal)) files.push(entry as LocalFile);
      await swap("sub", (location) => rename(join(secret, "sub"), location));
      const below = files.find(({ path }) => path === "sub/low/file");
      if (below === undefined) throw new Error("there is no file");
      expect((await failure(content(below))).message).to.contain("was replaced while it was read");
    });

    it("refuses a source that was itself replaced between two listings", async () => {
      const found = await findDirectory(tree, { threads: THREADS, signal, access });
      await rename(tree, join(base(), "moved"));
      await symlink(secret, tree);
      const error = await failure(found.entries(signal)[Symbol.asyncIterator]().next());
      expect(error.message).to.equal(`${tree} was replaced while it was read`);
    });

    const files: [string, (location: string) => Promise<unknown> | unknown][] = [
      ["a link to a secret", (location) => symlink(join(secret, "z"), location)],
      ["a hard link to another file", (location) => link(join(secret, "z"), location)],
      ["a pipe", (location) => execFileSync("mkfifo", [location])],
      ["a folder", (location) => mkdir(location)],
    ];
    for (const [what, make] of files) {
      it(`refuses ${what} in place of a listed file`, async () => {
        const found = await findDirectory(tree, { threads: THREADS, signal, access });
        const all: LocalFile[] = [];
        for await (const entry of found.entries(signal)) all.push(entry as LocalFile);
        await unlink(join(tree, "z"));
        // Prevents the reuse of an inode.
        await writeFile(join(base(), "other"), "");
        await make(join(tree, "z"));
        const file = all.at(-1);
        if (file === undefined) throw new Error("there is no file");
        for (const read of [() => content(file), () => file.open()]) {
          const error = await failure(read());
          expect(error).to.be.instanceOf(SourceChangedError);
          expect(error.message).to.equal(`${join(tree, "z")} was replaced while it was read`);
        }
      });
    }

    it("follows the link that the user names, once", async () => {
      await symlink(tree, join(base(), "link"));
      await symlink(join(tree, "a"), join(base(), "file link"));
      const found = await findDirectory(join(base(), "link"), { threads: THREADS, signal, access });
      const { file } = await findFile(join(base(), "file link"), { threads: THREADS });
      for (const name of ["link", "file link"]) {
        await unlink(join(base(), name));
        await symlink(secret, join(base(), name));
      }
      const contents: string[] = [];
      for await (const entry of found.entries(signal)) contents.push(await content(entry as LocalFile));
      expect(contents).to.deep.equal(["open", "open", "open", "open"]);
      expect(await content(file)).to.equal("open");
    });

    it("reads a moved tree or refuses it, but never reads another one in its place", async () => {
      const reading = walkAndRead(async () => {
        await rename(tree, join(base(), "moved"));
        await rename(secret, tree);
      });
      // A descriptor leads to the folder wherever it is.
      if (access === "descriptors") expect(await reading).to.deep.equal(["open", "open", "open", "open"]);
      else expect((await failure(reading)).message).to.contain("was replaced while it was read");
    });

    it("checks a pattern below an excluded folder without following a link there", async () => {
      const { renameSync, symlinkSync } = await import("node:fs");
      await writeFile(join(secret, "sub", "key"), "");
      const onEntry = () => {
        if (access === "paths") return;
        renameSync(join(tree, "sub"), join(base(), "moved"));
        symlinkSync(join(secret, "sub"), join(tree, "sub"));
      };
      // One batch is read ahead: the folder is in a later one.
      for (let number = 0; number < 130; number += 1) await writeFile(join(tree, `b${number}`), "");
      let isFirst = true;
      const once = () => {
        if (isFirst) onEntry();
        isFirst = false;
      };
      const exclude = ["sub/", "!sub/key"];
      const found = await findDirectory(tree, { threads: THREADS, signal, access, exclude, onEntry: once });
      expect(found.fileCount).to.equal(132);
    });
  });
}

describe("the open folders of a source", () => {
  const base = temporaryFolder("spawn deep ", "suite");

  const openDescriptors = async (): Promise<number> => (await readdir("/proc/self/fd")).length;

  it("are few for any depth of the tree, and closed afterwards", async () => {
    const before = await openDescriptors();
    const path = Array.from({ length: 300 }, () => "d");
    await mkdir(join(base(), ...path), { recursive: true });
    await writeFile(join(base(), ...path, "file"), "x");
    await writeFile(join(base(), "d", "z"), "x");
    const found = await findDirectory(base(), { threads: THREADS, signal });
    const all: LocalFile[] = [];
    for await (const entry of found.entries(signal)) {
      expect(await openDescriptors()).to.be.below(before + 80);
      all.push(entry as LocalFile);
    }
    expect(await openDescriptors()).to.be.at.most(before);
    // Opened again through all its parents.
    await Promise.all(
      all.flatMap((file) => [1, 2, 3].map(() => file.readWhole(Buffer.from(new SharedArrayBuffer(1))))),
    );
    expect(await openDescriptors()).to.be.at.most(before);
  });

  it("need no permission to list those above", async () => {
    const folders = new SourceFolders(THREADS);
    await mkdir(join(base(), "above", "below"), { recursive: true });
    await chmod(base(), 0o755);
    await chmod(join(base(), "above"), 0o711);
    await chmod(join(base(), "above", "below"), 0o755);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65534);
    try {
      const names = await folders.folder(join(base(), "above", "below")).list({ followLinks: false });
      expect(names.names.order).to.have.length(0);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});
