import { chmod, cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { runCommand } from "../../../local/command.ts";
import { packageRoot } from "../../../package-root.ts";
import { temporaryFolder } from "../../support/folder.ts";

describe("pulumi-resource-aws, the wrapper", () => {
  const folder = temporaryFolder("spawn wrapper ");
  let root: string;
  let wrapper: string;

  beforeEach(async () => {
    root = join(folder(), "a package");
    await mkdir(join(root, "local", "aws-plugin"), { recursive: true });
    const bin = join(root, "local", "aws-plugin", "bin");
    await cp(join(packageRoot(), "local", "aws-plugin", "bin"), bin, { recursive: true });
    wrapper = join(bin, "pulumi-resource-aws");
  });

  async function installProgram(): Promise<void> {
    await mkdir(join(root, "dist", "local"), { recursive: true });
    await writeFile(join(root, "package.json"), '{"type":"module"}');
    await writeFile(
      join(root, "dist", "local", "aws-plugin.js"),
      "console.log(JSON.stringify(process.argv.slice(2)));",
    );
  }

  it("runs the bundle with its arguments", async () => {
    await installProgram();
    const { code, stdout } = await runCommand(wrapper, ["127.0.0.1:1", "-a b"]);
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '["127.0.0.1:1","-a b"]\n' });
  });

  it("finds the package through absolute and relative links", async () => {
    await installProgram();
    await mkdir(join(folder(), "links"));
    await symlink("../a package/local/aws-plugin/bin/pulumi-resource-aws", join(folder(), "links", "first"));
    await symlink(join(folder(), "links", "first"), join(folder(), "second"));
    const { code, stdout } = await runCommand(join(folder(), "second"), ["x"]);
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '["x"]\n' });
  });

  it("prefers the package's own Node", async () => {
    await installProgram();
    const bin = join(root, "node_modules", ".bin");
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, "node"), '#!/bin/sh\necho "own node: $1"\n');
    await chmod(join(bin, "node"), 0o755);
    const { stdout } = await runCommand(wrapper, []);
    expect(stdout).to.equal(`own node: ${join(root, "dist", "local", "aws-plugin.js")}\n`);
  });

  it("prints the command that builds a missing bundle", async () => {
    const { code, stdout, stderr } = await runCommand(wrapper, []);
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
    expect(stderr).to.match(/aws-plugin\.js is missing\. Run: npm run build\n$/);
  });
});
