import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { packageRoot } from "../../../package-root.ts";
import { recordRequests } from "../../support/recorded-cloud.ts";

/** The files of a built checkout, without the sources. */
const PARTS = [
  "bin",
  "dist",
  "local",
  "provider/bin",
  "worker",
  "package.json",
  "oclif.manifest.json",
  "Pulumi.yaml",
  "Pulumi.dev.yaml",
];

/**
 * A built checkout in a folder with a space in its name, with the shipped environment files. Tests can write to it, and do not depend on
 * a concurrent build of the real checkout.
 */
export async function makeProject(): Promise<string> {
  const root = packageRoot();
  if (!existsSync(join(root, "dist"))) {
    throw new Error("these tests run what is built: node scripts/build.ts");
  }
  const folder = await mkdtemp(join(tmpdir(), "spawn e2e project "));
  try {
    await mkdir(join(folder, "provider"));
    for (const part of PARTS) await cp(join(root, part), join(folder, part), { recursive: true });
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    await recordRequests(folder);
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** As .gitignore has it. */
const IGNORED = /^Pulumi\..*\.(stage|sweep)-.*\.yaml$/;

/** The text of every file that git would track, by path. */
export async function filesOf(project: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (["node_modules", "dist"].includes(entry.name) || IGNORED.test(entry.name)) continue;
      if (entry.isDirectory()) await walk(path);
      else files[relative(project, path)] = await readFile(path, "utf8");
    }
  };
  await walk(project);
  return files;
}
