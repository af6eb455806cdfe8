import { chmod, cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { packageRoot } from "../../../package-root.ts";

/** Globals that CommonJS packages in a bundle expect. */
const BANNER =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);';

/**
 * Lays out a package in `folder` as it is installed, with the plugin's wrapper and its bundle, and a folder with a link to the wrapper,
 * as on a PATH.
 * @returns that folder
 */
export async function installBundle(folder: string): Promise<string> {
  const wrapper = join(folder, "local", "aws-plugin", "bin");
  await mkdir(wrapper, { recursive: true });
  await cp(join(packageRoot(), "local", "aws-plugin", "bin"), wrapper, { recursive: true });
  await build({
    absWorkingDir: packageRoot(),
    entryPoints: ["local/aws-plugin/main.ts"],
    outfile: join(folder, "dist", "local", "aws-plugin.js"),
    bundle: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    banner: { js: BANNER },
    external: ["typescript", "ts-node"], // loaded only to run TypeScript
    logLevel: "error",
  });
  await mkdir(join(folder, "dist"), { recursive: true });
  const links = join(folder, "links");
  await mkdir(links);
  const program = join(wrapper, "pulumi-resource-aws");
  await chmod(program, 0o755);
  await symlink(program, join(links, "pulumi-resource-aws"));
  return links;
}
