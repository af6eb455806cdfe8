import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { findPackageRoot, packageRoot } from "../package-root.ts";

describe("packageRoot", () => {
  it("is the folder of this package", () => {
    expect(packageRoot()).to.equal(resolve(import.meta.dirname, ".."));
  });

  it("skips other packages on the way up, and fails where there is none", async () => {
    const folder = await mkdtemp(join(tmpdir(), "spawn root "));
    try {
      const inner = join(folder, "dist", "cli");
      await mkdir(inner, { recursive: true });
      await writeFile(join(folder, "package.json"), '{"name":"spawn-staging"}');
      await writeFile(join(folder, "dist", "package.json"), '{"type":"module"}');
      expect(findPackageRoot(inner)).to.equal(folder);
      await rm(join(folder, "package.json"));
      expect(() => findPackageRoot(inner)).to.throw("no package.json of spawn-staging above");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
