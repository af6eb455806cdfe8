import { execFileSync } from "node:child_process";
import { createReadStream, lstatSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { writeReportFile } from "../../../cli/services/cost-file.ts";
import { UserError } from "../../../staging/errors.ts";

describe("the file of a report", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn report "));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("is written whole, new or over an older one, and leaves nothing beside it", async () => {
    const path = join(folder, "costs.html");
    for (const content of ["first", "second"]) {
      await writeReportFile(path, content);
      expect(await readFile(path, "utf8")).to.equal(content);
    }
    expect(await readdir(folder)).to.deep.equal(["costs.html"]);
  });

  it("goes where a link leads, and the link stays", async () => {
    await writeFile(join(folder, "target"), "old");
    const link = join(folder, "link");
    await symlink("target", link);
    await writeReportFile(link, "new");
    expect(await readFile(join(folder, "target"), "utf8")).to.equal("new");
    expect(lstatSync(link).isSymbolicLink()).to.equal(true);
  });

  it("goes into a pipe, which stays one", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const [read] = await Promise.all([text(createReadStream(path)), writeReportFile(path, "content")]);
    expect(read).to.equal("content");
    expect(lstatSync(path).isFIFO()).to.equal(true);
  });

  it("is an error where it is a folder, or in none", async () => {
    await mkdir(join(folder, "sub"));
    for (const path of [join(folder, "sub"), join(folder, "none", "costs.html")]) {
      const error = await writeReportFile(path, "x").catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(UserError).and.have.property("message", `${path} could not be written`);
    }
    expect(await readdir(folder)).to.deep.equal(["sub"]);
  });
});
