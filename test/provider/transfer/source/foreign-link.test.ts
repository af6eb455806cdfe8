import { constants } from "node:fs";
import { chmod, lchown, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { findDirectory } from "../../../../provider/transfer/source/directory.ts";
import type { Owned, ResolvedLink } from "../../../../provider/transfer/source/folder-thread-program.ts";
import { foreignOwnersOf } from "../../../../provider/transfer/source/foreign-link.ts";
import { InputError } from "../../../../staging/errors.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { THREADS } from "../threads.ts";

const [OWN, FOREIGN, THIRD, ROOT] = [1000, 2000, 3000, 0];
const { S_IFREG, S_IFDIR } = constants;
const file = (uid: number, mode: number): Owned => ({ uid, mode: S_IFREG | mode });
const folder = (uid: number, mode: number): Owned => ({ uid, mode: S_IFDIR | mode });
const OPEN = [folder(ROOT, 0o755), folder(OWN, 0o711)];
const CLOSED = [folder(ROOT, 0o755), folder(OWN, 0o700)];

describe("a followed link", () => {
  const cases: [string, linkOwners: number[], Owned, Owned[], "followed" | "foreign" | "refused"][] = [
    ["of the user, to a file of the user", [OWN], file(OWN, 0o600), CLOSED, "followed"],
    ["of root, to a file of the user", [ROOT], file(OWN, 0o600), CLOSED, "followed"],
    ["of another user, to a file of that user", [FOREIGN], file(FOREIGN, 0o600), CLOSED, "foreign"],
    ["of another user, to a file that all can read", [FOREIGN], file(OWN, 0o644), OPEN, "foreign"],
    ["of another user, to a file of the user alone", [FOREIGN], file(OWN, 0o640), OPEN, "refused"],
    ["of another user, to a file of root alone", [FOREIGN], file(ROOT, 0o600), OPEN, "refused"],
    ["of another user, to a file of a third one", [FOREIGN], file(THIRD, 0o600), OPEN, "refused"],
    ["of another user, into a closed folder", [FOREIGN], file(OWN, 0o644), CLOSED, "refused"],
    ["of another user, to a folder that all can read", [FOREIGN], folder(OWN, 0o755), OPEN, "foreign"],
    ["of another user, to a folder that others cannot list", [FOREIGN], folder(OWN, 0o751), OPEN, "refused"],
    ["of another user, to a folder of the user alone", [FOREIGN], folder(OWN, 0o700), OPEN, "refused"],
    ["of the user, to a link of another user", [OWN, FOREIGN], file(OWN, 0o600), OPEN, "refused"],
    ["of another user, to a link of the user", [FOREIGN, OWN], file(OWN, 0o600), OPEN, "refused"],
    ["of two other users, to a file of the second", [FOREIGN, THIRD], file(THIRD, 0o600), OPEN, "refused"],
    ["of two other users, to a file of the first", [FOREIGN, THIRD], file(FOREIGN, 0o600), OPEN, "refused"],
  ];
  for (const [what, linkOwners, target, folders, expected] of cases) {
    it(`${what} is ${expected === "refused" ? "refused" : "followed"}`, () => {
      const resolved: ResolvedLink = { location: "/target", identity: "1:2", ...target, linkOwners, folders };
      const decide = () => foreignOwnersOf("/link", resolved, OWN);
      if (expected === "refused") expect(decide).to.throw(InputError, "may be unable to read");
      else expect(decide()).to.deep.equal(expected === "foreign" ? [FOREIGN] : []);
    });
  }
});

/** Only root can create files of another user; the decision itself is tested above. */
if (process.geteuid?.() === 0) {
  describe("a tree with links of another user", () => {
    const OTHER = 65534;
    const base = temporaryFolder("spawn foreign ");
    let tree: string;
    beforeEach(async () => {
      await chmod(base(), 0o755);
      tree = join(base(), "tree");
      await mkdir(join(base(), "data"), { recursive: true });
      await mkdir(tree);
      await writeFile(join(base(), "data/secret"), "hush", { mode: 0o600 });
      await writeFile(join(base(), "public"), "open", { mode: 0o644 });
    });

    async function linkOf(owner: number, target: string, path: string): Promise<void> {
      await symlink(target, path);
      await lchown(path, owner, owner);
    }
    const follow = async () => {
      const { signal } = new AbortController();
      const found = await findDirectory(tree, { threads: THREADS, followLinks: true, signal });
      const paths: string[] = [];
      for await (const { path } of found.entries(signal)) paths.push(path);
      return paths;
    };
    const refusal = async () => {
      const error: unknown = await follow().catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(InputError);
      return error as InputError;
    };

    it("includes files that everyone can read, and files of that user", async () => {
      await writeFile(join(base(), "theirs"), "x", { mode: 0o600 });
      await lchown(join(base(), "theirs"), OTHER, OTHER);
      await linkOf(OTHER, join(base(), "public"), join(tree, "a"));
      await linkOf(OTHER, join(base(), "theirs"), join(tree, "b"));
      expect(await follow()).to.deep.equal(["a", "b"]);
    });

    it("is refused if one leads to a file of root alone, with a fix", async () => {
      await linkOf(OTHER, join(base(), "data/secret"), join(tree, "link"));
      const error = await refusal();
      expect(error.message).to.contain(`the link ${join(tree, "link")} of another user`);
      expect(error.fix).to.contain("chown -h");
      await lchown(join(tree, "link"), 0, 0);
      expect(await follow()).to.deep.equal(["link"]);
    });

    it("is refused if a link of the user leads through one of that user", async () => {
      await linkOf(OTHER, join(base(), "data/secret"), join(base(), "theirs"));
      await symlink(join(base(), "theirs"), join(tree, "own"));
      expect((await refusal()).message).to.contain(join(base(), "data/secret"));
    });

    for (const below of ["secret", "low/secret", "low/link"]) {
      it(`is refused if one leads to a folder with ${below} that the other user cannot read`, async () => {
        await mkdir(join(base(), "open/low"), { recursive: true });
        if (below.endsWith("link")) await symlink(join(base(), "data/secret"), join(base(), "open", below));
        else await writeFile(join(base(), "open", below), "hush", { mode: 0o600 });
        await linkOf(OTHER, join(base(), "open"), join(tree, "folder"));
        expect((await refusal()).message).to.contain("secret, which that user may be unable to read");
      });
    }
  });
}
