import { execFileSync } from "node:child_process";
import { chmodSync, createReadStream, lchownSync, lstatSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { writeReportFile } from "../../cli/report-file.ts";
import { mayBePlanted } from "../../files/replace.ts";
import { UserError } from "../../staging/errors.ts";
import { temporaryFolder } from "../support/folder.ts";

describe("the file of a report", () => {
  const folder = temporaryFolder("spawn report ");

  it("is written completely, new or over an older one, and leaves no other file", async () => {
    const path = join(folder(), "costs.html");
    for (const content of ["first", "second"]) {
      await writeReportFile(path, content);
      expect(await readFile(path, "utf8")).to.equal(content);
    }
    expect(await readdir(folder())).to.deep.equal(["costs.html"]);
  });

  it("follows a link and keeps it", async () => {
    await writeFile(join(folder(), "target"), "old");
    const link = join(folder(), "link");
    await symlink("target", link);
    await writeReportFile(link, "new");
    expect(await readFile(join(folder(), "target"), "utf8")).to.equal("new");
    expect(lstatSync(link).isSymbolicLink()).to.equal(true);
  });

  it("can be a pipe, which stays one", async () => {
    const path = join(folder(), "pipe");
    execFileSync("mkfifo", [path]);
    const [read] = await Promise.all([text(createReadStream(path)), writeReportFile(path, "content")]);
    expect(read).to.equal("content");
    expect(lstatSync(path).isFIFO()).to.equal(true);
  });

  it("keeps the mode of an existing file, and follows the umask if it is new", async () => {
    const path = join(folder(), "costs.html");
    const before = process.umask(0o027);
    try {
      await writeReportFile(path, "first");
    } finally {
      process.umask(before);
    }
    expect(lstatSync(path).mode & 0o777).to.equal(0o640);
    chmodSync(path, 0o604);
    await writeReportFile(path, "second");
    expect(lstatSync(path).mode & 0o777).to.equal(0o604);
  });

  it("can be a shell's open file, after its content", () => {
    const script = join(import.meta.dirname, "../../cli/report-file.ts");
    const write = `import(${JSON.stringify(script)}).then((file) => file.writeReportFile("/dev/stdout", "report\\n"))`;
    const inShell = (redirection: string) =>
      execFileSync(
        "sh",
        ["-c", `echo before > out; "$0" -e '${write}' ${redirection}; cat out`, process.execPath],
        {
          cwd: folder(),
          encoding: "utf8",
        },
      );
    expect(inShell("")).to.equal("report\nbefore\n");
    expect(inShell("> out")).to.equal("report\n");
    expect(inShell(">> out")).to.equal("before\nreport\n");
  });

  it("reports a full disk", async () => {
    const error = await writeReportFile("/dev/full", "x").catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(UserError).and.have.property("why").that.contains("ENOSPC");
  });

  describe("in a folder that every user can write to", () => {
    const NOBODY = 65534;
    const victim = temporaryFolder("spawn victim ");
    beforeEach(async () => {
      chmodSync(folder(), 0o1777);
      await writeFile(join(victim(), "file"), "precious");
    });

    for (const [whose, link, folderOf, mode, expected] of [
      ["another user's, in a sticky folder of root", NOBODY, 0, 0o41777, true],
      ["another user's, in a folder that is not sticky", NOBODY, 0, 0o40777, true],
      ["another user's, in a folder for a group", NOBODY, 0, 0o42775, false],
      ["the folder's owner's", NOBODY, NOBODY, 0o41777, false],
      ["this user's", 1000, 0, 0o41777, false],
    ] as const) {
      it(`is ${expected ? "refused" : "written"} through a link ${whose}`, () => {
        expect(mayBePlanted({ uid: link }, { uid: folderOf, mode }, 1000)).to.equal(expected);
      });
    }

    // Only root can create files of another user there.
    if (process.getuid?.() === 0) {
      for (const [what, path] of [
        ["a link to a file", ["link"]],
        ["a link to a folder", ["link", "file"]],
        ["a link to a link", ["own", "file"]],
        ["a pipe", ["pipe"]],
      ] as const) {
        it(`does not follow ${what} of another user`, async () => {
          const link = join(folder(), "link");
          await symlink(what === "a link to a file" ? join(victim(), "file") : victim(), link);
          await symlink("link", join(folder(), "own"));
          execFileSync("mkfifo", [join(folder(), "pipe")]);
          for (const planted of [link, join(folder(), "pipe")]) lchownSync(planted, NOBODY, NOBODY);
          const error = await writeReportFile(join(folder(), ...path), "report").catch(
            (thrown: unknown) => thrown,
          );
          expect(error).to.be.instanceOf(UserError);
          expect(error).to.have.property("message").that.contains("belongs to another user");
          expect(await readFile(join(victim(), "file"), "utf8")).to.equal("precious");
          expect(await readdir(victim())).to.deep.equal(["file"]);
        });
      }
    }
  });

  it("is refused if it is a folder or has no parent folder", async () => {
    await mkdir(join(folder(), "sub"));
    for (const path of [join(folder(), "sub"), join(folder(), "none", "costs.html")]) {
      const error = await writeReportFile(path, "x").catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(UserError).and.have.property("message", `${path} could not be written`);
    }
    expect(await readdir(folder())).to.deep.equal(["sub"]);
  });
});
