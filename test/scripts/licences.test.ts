import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";

/** Licences that allow the use in any program; for a choice of licences, one is enough. */
const PERMISSIVE =
  /\b(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|CC0-1\.0|CC-BY-3\.0|PSF-2\.0|Python-2\.0|Unlicense)\b/;
/** Its file LICENSE is that of MIT. */
const IN_A_FILE = "node_modules/@logdna/tail-file";
const COPYLEFT = /GPL|MPL|EPL|CDDL|OSL|SSPL/;

interface Locked {
  readonly license?: string;
  readonly dev?: boolean;
  /** A package in a folder of this repository. */
  readonly link?: boolean;
}

/** The folder of each package, and its entry in the lock file. */
async function lockedPackages(): Promise<[string, Locked][]> {
  const text = await readFile(join(packageRoot(), "package-lock.json"), "utf8");
  const { packages } = JSON.parse(text) as { packages: Record<string, Locked> };
  return Object.entries(packages).filter(([path, { link }]) => path.startsWith("node_modules/") && !link);
}

describe("licences of npm packages", () => {
  it("are permissive, except for two tools that only tests install and run", async () => {
    const others = (await lockedPackages()).filter(
      ([path, { license = "" }]) =>
        path !== IN_A_FILE && (!PERMISSIVE.test(license) || COPYLEFT.test(license)),
    );
    const named = others.map(([path, { license, dev = false }]) => ({ path, license, dev }));
    const tool = (name: string) => ({
      path: `node_modules/@cloud-copilot/${name}`,
      license: "AGPL-3.0-or-later",
      dev: true,
    });
    expect(named).to.deep.equal([
      ...[tool("iam-policy"), tool("iam-simulate"), tool("iam-utils")],
      { path: "node_modules/axe-core", license: "MPL-2.0", dev: true },
    ]);
  });

  it("of the policy simulator affect no other program: one file of the gate imports it, in a separate process", async () => {
    const files = globSync("**/*.{ts,mjs,js}", {
      cwd: packageRoot(),
      exclude: (name) => name === "node_modules" || name === "dist" || name === ".git",
    });
    const texts = await Promise.all(files.map((file) => readFile(join(packageRoot(), file), "utf8")));
    const importers = files.filter((_, at) =>
      /(from|import\(|require\() ?"@cloud-copilot\//.test(texts[at] ?? ""),
    );
    expect(importers).to.deep.equal(["test/gates/policies/simulate-program.ts"]);
    const users = files.filter((_, at) => /(from|import\() ?"[^"]*simulate-program/.test(texts[at] ?? ""));
    expect(users).to.deep.equal([]);
  });
});
