import { chmod, mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { expect } from "chai";
import { buildEngine } from "../../local/engine/build.ts";
import { findEngine } from "../../local/engine/engine.ts";
import { writeLanguageHostStub } from "../../local/engine/language-host.ts";
import { isAcceptable, parseVersion } from "../../local/engine/version.ts";
import { installInto } from "../../local/install-into.ts";
import { type SpawnPaths, spawnPaths } from "../../local/paths.ts";
import type { Progress } from "../../local/progress.ts";
import { isAtLeast } from "../../local/versions.ts";
import type { UserError } from "../../staging/errors.ts";
import { errorOf, failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";

describe("versions of the engine", () => {
  it("are read from the engine's output", () => {
    expect(parseVersion("v3.259.0\n")).to.equal("3.259.0");
    expect(parseVersion("3.190.1-alpha.x7d+dirty")).to.equal("3.190.1");
    for (const text of ["", "pulumi 3", "v3.1", "v3.1.x"]) expect(parseVersion(text)).to.equal(undefined);
  });

  it("are accepted from 3.181 on within major 3", () => {
    for (const version of ["3.181.0", "3.181.1", "3.259.0", "3.1000.0"])
      expect(isAcceptable(version)).to.equal(true);
    for (const version of ["3.180.9", "3.18.1", "2.300.0", "4.0.0"])
      expect(isAcceptable(version)).to.equal(false);
  });

  it("of Go are compared by number", () => {
    expect(isAtLeast("1.26.8", "1.26")).to.equal(true);
    expect(isAtLeast("1.100", "1.26")).to.equal(true);
    expect(isAtLeast("2.0", "1.26")).to.equal(true);
    expect(isAtLeast("1.9.9", "1.26")).to.equal(false);
  });
});

describe("finding and building the engine", () => {
  const folder = temporaryFolder("spawn engine ");
  let paths: SpawnPaths;

  beforeEach(async () => {
    paths = spawnPaths({ SPAWN_HOME: folder() });
  });

  /** An executable shell script, and the folder that it is in. */
  async function script(place: string, name: string, body: string): Promise<string> {
    const bin = join(folder(), place);
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, name), `#!/bin/sh\n${body}\n`);
    await chmod(join(bin, name), 0o755);
    return bin;
  }

  const find = (...bins: string[]) => findEngine({ paths, env: { PATH: bins.join(delimiter) } });

  it("finds no engine", async () => {
    expect(await find(join(folder(), "nothing here"))).to.equal(undefined);
  });

  it("prefers the first recent engine on PATH to the cache", async () => {
    const broken = await script("broken", "pulumi", "exit 1");
    const old = await script("old", "pulumi", "echo v3.100.0");
    const good = await script("good", "pulumi", "echo v3.200.0");
    await script("cache/engine/3.259.0/bin", "pulumi", "echo v3.259.0");
    expect(await find(broken, old, good)).to.deep.equal({
      command: join(good, "pulumi"),
      version: "3.200.0",
      origin: "path",
      needsLanguageHost: true,
    });
    expect(await find(broken, old)).to.include({ origin: "cache", version: "3.259.0" });
  });

  it("recognises the cached engine on PATH", async () => {
    const cached = await script("cache/engine/3.259.0/bin", "pulumi", "echo v3.259.0");
    expect(await find(cached)).to.include({ origin: "cache", command: join(cached, "pulumi") });
  });

  it("runs an engine once for its version, and again after it changed", async () => {
    const log = join(folder(), "asked");
    const bin = await script("bin", "pulumi", `echo x >> '${log}'; echo v3.200.0`);
    expect((await find(bin))?.version).to.equal("3.200.0");
    expect((await find(bin))?.version).to.equal("3.200.0");
    expect(await readFile(log, "utf8")).to.equal("x\n");
    await utimes(join(bin, "pulumi"), new Date(0), new Date(0));
    await find(bin);
    expect(await readFile(log, "utf8")).to.equal("x\nx\n");
  });

  it("needs no own language host if one is beside the engine or on PATH", async () => {
    const engine = await script("engine", "pulumi", "echo v3.200.0");
    const hosts = await script("hosts", "pulumi-language-nodejs", "exit 0");
    expect(await find(engine)).to.include({ needsLanguageHost: true });
    expect(await find(engine, hosts)).to.include({ needsLanguageHost: false });
    await writeLanguageHostStub(engine);
    expect(await find(engine)).to.include({ needsLanguageHost: false });
  });

  /** The sources of a module that the build changes, read-only as in Go's cache. */
  async function listsModule(): Promise<string> {
    const sources = join(folder(), "lists");
    for (const [path, text] of Object.entries({
      "frequency/frequency.go": "package frequency\n\nfunc init() {\n}\n",
      "matching/matching.go":
        "package matching\n\nfunc init() {\n\tloadFrequencyList()\n}\n\nfunc loadFrequencyList() {\n\tuse()\n}\n",
    })) {
      await mkdir(join(sources, dirname(path)), { recursive: true });
      await writeFile(join(sources, path), text, { mode: 0o444 });
    }
    return sources;
  }

  it("builds with Go in a separate folder, and reports its progress", async () => {
    const bin = await script(
      "go",
      "go",
      `case "$1 $2" in "list -m") echo "${await listsModule()}"; exit ;; esac
       case $1 in
         version) echo "go version go1.26.1 linux/amd64" ;;
         list) echo "go: downloading example.org/a v1.0.0" >&2; echo a; echo b; echo example.org/c/v2 ;;
         build)
           echo a >&2; echo b >&2; echo example.org/c/v2 >&2
           while [ "$1" != -o ]; do shift; done
           { pwd; cat go.mod */frequency/frequency.go */matching/matching.go; } > "$2" ;;
       esac`,
    );
    const reports: Progress[] = [];
    const target = join(folder(), "cache", "engine", "3.259.0");
    const work = {
      env: { PATH: `${bin}:/usr/bin:/bin` },
      onProgress: (progress: Progress) => reports.push(progress),
      signal: undefined,
    };
    await installInto(target, (temporary) => buildEngine(temporary, work));
    expect(await readdir(folder())).to.have.members(["cache", "go", "lists"]);
    const built = await readFile(join(target, "bin", "pulumi"), "utf8");
    expect(built).to.match(/^.*3\.259\.0\.tmp-\d+\/build\nmodule spawn\/pulumi-engine\n/);
    // Both editions of the library read their lists at their first use.
    for (const module of ["nbutton23", "ccojocar"])
      expect(built).to.match(
        new RegExp(`^replace github\\.com/${module}/zxcvbn-go => \\./\\d-zxcvbn-go$`, "m"),
      );
    expect(built.match(/func \w+\(\) {[^}]*}/g)).to.deep.equal([
      ...Array(2).fill("func Load() {\n}"),
      ...Array(2).fill("func loadFrequencyList() {\n\tfrequency.Load()\n\tuse()\n}"),
    ]);
    expect(await readdir(target)).to.deep.equal(["bin"]);
    expect(await readdir(join(folder(), "cache", "engine"))).to.deep.equal(["3.259.0"]);
    expect(reports[0]?.text).to.equal("Preparing the build of the Pulumi engine");
    expect(reports.at(-1)?.text).to.equal("Building the Pulumi engine 3.259.0 (some minutes, once)");
  });

  it("reports the required Go, and the output of a failed build", async () => {
    const attempt = async (body: string): Promise<UserError> => {
      const bin = await script("go", "go", body);
      const work = { env: { PATH: `${bin}:/usr/bin:/bin` }, onProgress: undefined, signal: undefined };
      return failureOf(installInto(join(folder(), "e"), (temporary) => buildEngine(temporary, work)));
    };
    const old = await attempt("echo go version go1.20.3 linux/amd64");
    expect(old.message).to.equal("The Pulumi engine cannot be built: Go 1.26 or newer is needed");
    expect(old.why).to.equal(`${join(folder(), "go", "go")} is Go 1.20.3.`);
    expect(old.fix).to.include("https://go.dev/doc/install");
    const offline = await attempt(
      'if [ "$1" = version ]; then echo go version go1.26.0; else echo "dial tcp: no route" >&2; exit 1; fi',
    );
    expect(offline.why).to.equal("go list said: dial tcp: no route");
    expect(await readdir(folder())).to.deep.equal(["go"]);
  });

  it("stops on abort and leaves nothing", async () => {
    const bin = await script("go", "go", 'if [ "$1" = version ]; then echo go1.26.0; else exec sleep 60; fi');
    const abort = new AbortController();
    const work = { env: { PATH: `${bin}:/usr/bin:/bin` }, onProgress: undefined, signal: abort.signal };
    setTimeout(() => abort.abort(new Error("Ctrl-C")), 300);
    const outcome = await errorOf(installInto(join(folder(), "e"), (to) => buildEngine(to, work)));
    expect(outcome).to.equal(abort.signal.reason);
    expect(await readdir(folder())).to.deep.equal(["go"]);
  });
});
