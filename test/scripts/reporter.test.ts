import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { CLAIMS_VARIABLE } from "../../scripts/lanes.ts";
import { COUNTS_VARIABLE, TIMES_VARIABLE, type Time } from "../../scripts/reporter.ts";

describe("the test reporter", () => {
  it("appends a line of counts for each run and of the duration of each test and hook, and prints mocha's report", async () => {
    const folder = await mkdtemp(join(tmpdir(), "spawn reporter "));
    try {
      const file = join(folder, "sample.test.mjs");
      await writeFile(
        file,
        'it("works", () => {}); it("works too", () => {}); it("does not", () => { throw new Error("no"); }); after(() => {});',
      );
      const counts = join(folder, "counts");
      const root = packageRoot();
      const times = join(folder, "times");
      const { [CLAIMS_VARIABLE]: _, ...env } = process.env;
      const run = () =>
        spawnSync(
          join(root, "node_modules", ".bin", "mocha"),
          ["--reporter", join(root, "scripts", "reporter.ts"), file],
          {
            cwd: root,
            encoding: "utf8",
            env: { ...env, [COUNTS_VARIABLE]: counts, [TIMES_VARIABLE]: times },
          },
        );
      const { status, stdout } = run();
      expect(status).to.equal(1);
      expect(stdout).to.include("2 passing").and.to.include("1 failing");
      run();
      expect(await readFile(counts, "utf8")).to.equal('{"passes":2,"failures":1}\n'.repeat(2));
      const lines = (await readFile(times, "utf8")).trim().split("\n");
      const all = lines.map((line) => JSON.parse(line) as Time);
      expect(all.slice(0, 4).map(({ kind, title }) => `${kind} ${title}`)).to.deep.equal([
        "test works",
        "test works too",
        "test does not",
        'hook "after all" hook for "does not"',
      ]);
      expect(all.slice(0, 3).map(({ file }) => join(root, file))).to.deep.equal(
        Array.from({ length: 3 }, () => join(folder, "sample.test.mjs")),
      );
      for (const { seconds } of all) expect(seconds).to.be.within(0, 180);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
