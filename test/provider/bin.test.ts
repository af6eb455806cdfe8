import { execFile } from "node:child_process";
import { chmod, cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { temporaryFolder } from "../support/folder.ts";

const WRAPPER = fileURLToPath(new URL("../../provider/bin/pulumi-resource-staging", import.meta.url));
const run = promisify(execFile);

describe("pulumi-resource-staging", () => {
  const folder = temporaryFolder("spawn bin ", "suite");
  let root: string;
  let wrapper: string;
  before(async () => {
    root = join(folder(), "a 'package'");
    wrapper = join(root, "provider", "bin", "pulumi-resource-staging");
    await mkdir(join(root, "provider", "bin"), { recursive: true });
    await mkdir(join(root, "node_modules", ".bin"), { recursive: true });
    await cp(WRAPPER, wrapper);
  });

  it("names the fix before a build", async () => {
    const error: unknown = await run(wrapper).catch((reason: unknown) => reason);
    expect(error).to.have.property("code", 1);
    expect(error).to.have.property("stderr").that.contains("npm run build");
  });

  describe("after a build", () => {
    before(async () => {
      await mkdir(join(root, "dist", "provider"), { recursive: true });
      await writeFile(
        join(root, "dist", "provider", "main.js"),
        "console.log(JSON.stringify({ argv: process.argv.slice(2), by: process.env.RUN_BY ?? null }));",
      );
    });

    async function output(command: string, cwd = folder()): Promise<{ argv: string[]; by: string | null }> {
      const env = { ...process.env, RUN_BY: "PATH" };
      const { stdout } = await run(command, ["127.0.0.1:1", "-v=9", "a b"], { cwd, env });
      return JSON.parse(stdout) as { argv: string[]; by: string | null };
    }

    it("runs on the Node on PATH if the package has none", async () => {
      expect(await output(wrapper)).to.deep.equal({ argv: ["127.0.0.1:1", "-v=9", "a b"], by: "PATH" });
    });

    it("runs on the package's own Node", async () => {
      const node = join(root, "node_modules", ".bin", "node");
      await writeFile(node, `#!/bin/sh\nRUN_BY=package exec '${process.execPath}' "$@"\n`);
      await chmod(node, 0o755);
      expect((await output(wrapper)).by).to.equal("package");
    });

    it("finds its package through links, absolute and relative", async () => {
      const absolute = join(folder(), "absolute link");
      await symlink(wrapper, absolute);
      await mkdir(join(folder(), "bin"));
      const second = join(folder(), "bin", "second");
      await symlink(relative(join(folder(), "bin"), absolute), second);
      expect((await output(absolute)).argv).to.have.length(3);
      expect((await output(second)).argv).to.have.length(3);
      expect((await output("./second", join(folder(), "bin"))).argv).to.have.length(3);
    });
  });
});
