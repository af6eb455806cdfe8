import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { CLAIMS_VARIABLE } from "../../scripts/lanes.ts";
import { COUNTS_VARIABLE, type Counts, TIMES_VARIABLE } from "../../scripts/reporter.ts";
import { run } from "../e2e/support/process.ts";

describe("Lanes of test files", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn lanes "));
    await mkdir(join(folder, "claims"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A test file of which each test and root hook appends its name to a file. */
  const file = async (name: string, tests: string): Promise<string> => {
    const path = join(folder, `${name}.test.mjs`);
    const log = `const log = (name) => appendFileSync(${JSON.stringify(join(folder, "log"))}, name + "\\n");`;
    await writeFile(path, `import { appendFileSync } from "node:fs";\n${log}\n${tests}`);
    return path;
  };
  const lanes = async (count: number, ...args: string[]) => {
    const root = packageRoot();
    const mocha = join(root, "node_modules/.bin/mocha");
    const { [TIMES_VARIABLE]: _, ...inherited } = process.env;
    const env = {
      ...inherited,
      [CLAIMS_VARIABLE]: join(folder, "claims"),
      [COUNTS_VARIABLE]: join(folder, "counts"),
    };
    const all = ["--reporter", join(root, "scripts/reporter.ts"), ...args];
    return await Promise.all(Array.from({ length: count }, () => run(mocha, all, { env, cwd: root })));
  };
  const lines = async (name: string): Promise<string[]> =>
    (await readFile(join(folder, name), "utf8")).trim().split("\n");
  const describes = (...titles: string[]): string =>
    titles
      .map(
        (title) =>
          `describe("${title}", () => { it("one", () => log("${title} one")); it("two", () => log("${title} two")); });`,
      )
      .join("\n");

  it("run each test once, and each file in one lane", async () => {
    const names = Array.from({ length: 12 }, (_, at) => `s${at}`);
    const files = await Promise.all(
      names.map((name) =>
        file(
          name,
          `${describes(`${name}a`, `${name}b`)}\ndescribe("${name}c", () => { it("lane", () => log("${name} " + process.pid)); });`,
        ),
      ),
    );
    const ended = await lanes(3, ...files);
    expect(ended.map(({ code, stderr }) => ({ code, stderr }))).to.deep.equal(
      Array.from({ length: 3 }, () => ({ code: 0, stderr: "" })),
    );
    const expected = names.flatMap((name) => ["a one", "a two", "b one", "b two"].map((test) => name + test));
    const ran = await lines("log");
    expect(ran.filter((line) => !/ \d+$/.test(line)).sort()).to.deep.equal(expected.sort());
    expect(ran.filter((line) => / \d+$/.test(line))).to.have.length(names.length);
    const counts = (await lines("counts")).map((line) => JSON.parse(line) as Counts);
    expect(counts.reduce((sum, { passes }) => sum + passes, 0)).to.equal(names.length * 5);
  });

  it("continue after files without a matching test, and after failures", async () => {
    const files = [
      await file("none", describes("none")),
      await file(
        "hook",
        'describe("wanted hook", () => { before(() => { throw new Error("no"); }); it("x", () => log("x")); });',
      ),
      await file("other", describes("other")),
      await file("last", describes("wanted last")),
    ];
    const [ended] = await lanes(1, "-g", "wanted", ...files);
    expect(ended?.code).to.equal(1);
    expect(await lines("log")).to.deep.equal(["wanted last one", "wanted last two"]);
  });

  it("run root hooks after the last file, and refuse tests outside of describe", async () => {
    const files = [
      await file("root", `after(() => log("after"));\n${describes("first")}`),
      await file("second", describes("second")),
    ];
    await lanes(1, ...files);
    expect(await lines("log")).to.deep.equal(["first one", "first two", "second one", "second two", "after"]);
    const [refused] = await lanes(1, await file("bare", 'it("bare", () => log("bare"));'));
    expect(refused?.code).to.not.equal(0);
    expect(refused?.stderr).to.contain("every lane would run bare");
  });
});
