import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { expect } from "chai";
import {
  beginLaunch,
  endLaunch,
  findEarlier,
  fingerprintOf,
  isLaunching,
} from "../../../../cli/services/sweep/launch-journal.ts";
import { rowsText } from "../../../../cli/services/sweep/settings.ts";
import { specOf } from "../../../../cli/services/sweep/sweep-spec.ts";
import { packageRoot } from "../../../../package-root.ts";
import { newSweepId, sweepStackName } from "../../../../staging/sweep/id.ts";
import { parseRows } from "../../../../staging/sweep/rows.ts";
import { parseSweepSpec } from "../../../../staging/sweep/spec.ts";
import { testLaunch, testRequest } from "./fakes.ts";

const FILE = "count: 3\nregions: [us-east-1, us-west-2]\nbase_command: x\ntimeout: 5m\nretries: {error: 2}";

describe("a dry run", () => {
  it("loads no module that changes a stack or starts a sweep", async () => {
    const command = await readFile(join(packageRoot(), "cli/commands/launch.ts"), "utf8");
    // The command loads the module that starts a sweep only after a dry run has ended.
    expect(command).to.not.match(/^import (?!type).*services\/sweep\/start\.ts/m);
    const beforeStart = command.slice(0, command.indexOf('import("../services/sweep/start.ts")'));
    expect(beforeStart).to.match(/if \(flags\["dry-run"\]\) \{[^}]*return [^}]*\}/);
    const reached = await importsOf("cli/services/sweep/prepare.ts");
    expect(reached).to.include("staging/sweep/plan.ts");
    for (const writer of [
      "cli/services/sweep/start.ts",
      "cli/services/sweep/launch-journal.ts",
      "cli/engine/update.ts",
      "cli/services/entry/remains/remove.ts",
      "stacks/sweep-program.ts",
    ])
      expect(reached, writer).to.not.include(writer);
  });
});

/** All modules of this repository that a module imports, at its start or later. */
async function importsOf(start: string): Promise<string[]> {
  const found = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    if (found.has(path)) return;
    found.add(path);
    const text = await readFile(join(packageRoot(), path), "utf8");
    // Types are erased at run time.
    const code = text.replaceAll(/^import type [^;]*;/gm, "");
    const imports = [...code.matchAll(/(?:from |import\()"(\.[^"]+\.ts)"/g)].map(([, name = ""]) => name);
    for (const name of imports)
      await visit(relative(packageRoot(), resolve(packageRoot(), dirname(path), name)));
  };
  await visit(start);
  return [...found];
}

describe("the spec of a launch", () => {
  const specFor = (text: string) =>
    specOf(testLaunch(testRequest(text)), newSweepId(), { file: "/x/rows.jsonl", sha256: "0".repeat(64) });

  it("is complete, and equals the stack's settings", () => {
    const spec = specFor(`${FILE}\nsubnets: {us-west-2: [subnet-0123456789abcdef0]}`);
    expect(parseSweepSpec(JSON.parse(JSON.stringify(spec)), "test")).to.deep.equal(spec);
    expect(spec).to.deep.include({ count: 3, timeoutSeconds: 300, generation: 0, deadlineSeconds: 86_400 });
    expect(spec.retries).to.deep.equal({ interrupted: 3, error: 2 });
    expect(
      spec.regions.map(({ start, end, workers, subnets }) => [start, end, workers, subnets]),
    ).to.deep.equal([
      [0, 2, 2, []],
      [2, 3, 1, ["subnet-0123456789abcdef0"]],
    ]);
  });

  it("has a JSON line for each row, with exact texts", () => {
    const rows = parseRows('a,b\n1,"x ""y""\nz"\n$(rm),é\n', "rows.csv");
    const lines = rowsText(rows).split("\n");
    expect(lines.slice(0, -1).map((line) => JSON.parse(line))).to.deep.equal([
      { a: "1", b: 'x "y"\nz' },
      { a: "$(rm)", b: "é" },
    ]);
    expect(lines.at(-1)).to.equal("");
  });
});

describe("the journal of launches", () => {
  const saved = process.env["SPAWN_HOME"];
  let home: string;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), "spawn launches "));
    process.env["SPAWN_HOME"] = home;
  });
  after(async () => {
    if (saved === undefined) delete process.env["SPAWN_HOME"];
    else process.env["SPAWN_HOME"] = saved;
    await rm(home, { recursive: true });
  });

  it("finds an earlier launch of the same sweep in the same environment until its ID is printed", async () => {
    const stack = sweepStackName("dev", newSweepId());
    const fingerprint = fingerprintOf(testRequest(FILE));
    await beginLaunch(stack, fingerprint);
    const found = await findEarlier("dev", fingerprintOf(testRequest(FILE)));
    expect(found?.stack).to.equal(stack);
    // This process itself.
    expect(found && (await isLaunching(found.journal))).to.equal(false);
    expect(await findEarlier("prod", fingerprint)).to.equal(undefined);
    expect(await findEarlier("dev", fingerprintOf(testRequest(`${FILE}\ndisk: 20 GB`)))).to.equal(undefined);
    await endLaunch(stack);
    expect(await findEarlier("dev", fingerprint)).to.equal(undefined);
    expect(await readdir(join(home, "data/stacks/launching"))).to.deep.equal([]);
  });

  it("distinguishes sweeps by subnets, rows and options", () => {
    const prints = [
      testRequest(FILE),
      testRequest(`${FILE}\nsubnets: {us-east-1: [subnet-0123456789abcdef0]}`),
      testRequest(FILE, { iamActions: ["s3:GetObject"] }),
      testRequest(FILE, { parameters: { ...testRequest(FILE).parameters, spot: true } }),
    ].map(fingerprintOf);
    expect(new Set(prints).size).to.equal(prints.length);
  });
});
