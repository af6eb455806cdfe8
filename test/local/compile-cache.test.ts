import { execFile } from "node:child_process";
import { chmod, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { temporaryFolder } from "../support/folder.ts";

const PROGRAM = `
  import { getCompileCacheDir } from "node:module";
  import { reuseCompiledCode } from ${JSON.stringify(join(packageRoot(), "local", "compile-cache.ts"))};
  reuseCompiledCode();
  console.log(getCompileCacheDir() ?? "none");
`;

describe("reuseCompiledCode", () => {
  const folder = temporaryFolder("spawn-compiled-");
  /** The folder of the compiled code, in a new process. */
  async function used(env: NodeJS.ProcessEnv = { SPAWN_CACHE: join(folder(), "cache") }): Promise<string> {
    const { NODE_COMPILE_CACHE: _, ...own } = process.env;
    const args = ["--input-type=module", "--eval", PROGRAM];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...own, ...env } });
    return stdout.trim();
  }

  it("uses the folder of bin/spawn, a missing one too", async () => {
    const ours = join(folder(), "cache", "node-compile-cache");
    expect(await used()).to.match(new RegExp(`^${ours}/`));
    await mkdir(ours, { recursive: true, mode: 0o700 });
    expect(await used()).to.match(new RegExp(`^${ours}/`));
  });

  it("does not prevent the start if the folder cannot be read", async () => {
    const loop = join(folder(), "loop");
    await symlink(loop, loop);
    expect(await used({ SPAWN_CACHE: loop })).to.equal("none");
  });

  it("uses no folder in which another user can write", async () => {
    const cache = join(folder(), "cache");
    const compiled = join(cache, "node-compile-cache");
    await mkdir(compiled, { recursive: true, mode: 0o700 });
    for (const [path, mode] of [
      [cache, 0o777],
      [cache, 0o775],
      [compiled, 0o777],
    ] as const) {
      await chmod(path, mode);
      expect(await used(), `${path} with ${mode.toString(8)}`).to.equal("none");
      await chmod(path, 0o700);
    }
    expect(await used()).to.match(new RegExp(`^${compiled}/`));
  });
});
