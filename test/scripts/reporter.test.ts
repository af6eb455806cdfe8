import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { COUNTS_VARIABLE } from "../../scripts/reporter.ts";

describe("the tests' reporter", () => {
  it("adds a line of counts for each run, and shows what mocha shows", async () => {
    const folder = await mkdtemp(join(tmpdir(), "spawn reporter "));
    try {
      const file = join(folder, "sample.test.mjs");
      await writeFile(
        file,
        'it("works", () => {}); it("works too", () => {}); it("does not", () => { throw new Error("no"); });',
      );
      const counts = join(folder, "counts");
      const root = packageRoot();
      const run = () =>
        spawnSync(
          join(root, "node_modules", ".bin", "mocha"),
          ["--reporter", join(root, "scripts", "reporter.ts"), file],
          { cwd: root, encoding: "utf8", env: { ...process.env, [COUNTS_VARIABLE]: counts } },
        );
      const { status, stdout } = run();
      expect(status).to.equal(1);
      expect(stdout).to.include("2 passing").and.to.include("1 failing");
      run();
      expect(await readFile(counts, "utf8")).to.equal('{"passes":2,"failures":1}\n'.repeat(2));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
