import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Plugin } from "@oclif/core";
import { build, type OutputFile } from "esbuild";
import { transpileDeclaration } from "typescript";
import { findPackageRoot } from "../package-root.ts";
import { bundleOptions } from "./bundle-options.ts";

/**
 * Bundles the programs into `dist/` and writes oclif's manifest, from which the command line knows its commands
 * without loading them. It writes after the whole build, so a failed build leaves the last good one.
 */

const root = findPackageRoot(import.meta.dirname);
const dist = join(root, "dist");
const COMMON = { ...bundleOptions(root), write: false, outdir: dist } as const;

/** Plugins and hosts that the engine starts, by their path in `dist/`. */
const PLUGINS: Readonly<Record<string, string>> = {
  "provider/main": "package/main.ts",
  "local/aws-plugin": "local/aws-plugin/main.ts",
  "local/language-host": "local/language-host/main.ts",
  "local/machines": "local/machines/main.ts",
};

type BuiltFile = Pick<OutputFile, "path" | "contents">;

async function main(): Promise<void> {
  const files = (
    await Promise.all([
      buildProgram(),
      buildLibrary(),
      buildPlugins(),
      buildCommandLine(),
      buildDashboard(),
      copyChartLibrary(),
    ])
  ).flat();
  await writeDist(files);
  await writeManifest();
}

/** The Pulumi program shares only the SDK with the process that the engine's language host starts for it. */
async function buildProgram(): Promise<OutputFile[]> {
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: { "stacks/index": "stacks/index.ts" },
    chunkNames: "stacks/chunks/[name]-[hash]",
    external: ["@pulumi/pulumi", "@grpc/*"],
  });
  return outputFiles;
}

/** The components of the npm package, for programs that import or require it, with their types. */
async function buildLibrary(): Promise<BuiltFile[]> {
  const source = await readFile(join(root, "library", "index.ts"), "utf8");
  const { outputText: text } = transpileDeclaration(source, {});
  const built = await Promise.all(
    (["esm", "cjs"] as const).map(async (format) => {
      const extension = format === "esm" ? "js" : "cjs";
      const { outputFiles } = await build({
        ...{ absWorkingDir: root, write: false, platform: "node", format, target: "node22.18" },
        entryPoints: { "library/index": "library/index.ts" },
        outdir: dist,
        outExtension: { ".js": `.${extension}` },
      });
      const path = join(dist, "library", `index.d.${format === "esm" ? "ts" : "cts"}`);
      return [...outputFiles, { path, contents: Buffer.from(text) }];
    }),
  );
  return built.flat();
}

async function buildPlugins(): Promise<OutputFile[]> {
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: { ...PLUGINS },
    chunkNames: "plugins/[name]-[hash]",
  });
  return outputFiles;
}

/** One module per command, so that a run loads only its own. Programs run in this process, so the SDK is bundled once. */
async function buildCommandLine(): Promise<OutputFile[]> {
  const modules = (await readdir(join(root, "cli"), { recursive: true })).filter(
    (file) => file.endsWith(".ts") && /^(commands|hooks)\//.test(file),
  );
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: ["cli/main.ts", "cli/complete.ts", ...modules.map((file) => `cli/${file}`)],
    outbase: ".",
    chunkNames: "cli/chunks/[name]-[hash]",
    // oclif identifies errors by class names. In plugins, keeping names would cost a call per created function: 3 %
    // of a directory's upload.
    keepNames: true,
  });
  return outputFiles;
}

/** The page of `spawn dashboard`, for the two latest years of browsers. A saved page contains its library, so it keeps the licence. */
async function buildDashboard(): Promise<OutputFile[]> {
  const licence = (await readFile(join(root, "node_modules", "preact", "LICENSE"), "utf8")).trim();
  const { outputFiles } = await build({
    absWorkingDir: root,
    write: false,
    bundle: true,
    entryPoints: ["dashboard/main.tsx", "dashboard/style.css"],
    outbase: ".",
    outdir: dist,
    format: "iife",
    target: "es2023",
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    banner: { js: `/*! Preact, https://preactjs.com\n\n${licence}\n*/` },
    legalComments: "none",
    logLevel: "warning",
  });
  return outputFiles;
}

/** Chart.js with its licence, for the cost report's page: as it is in its package, because the page contains it. https://www.chartjs.org */
async function copyChartLibrary(): Promise<BuiltFile[]> {
  const entry = import.meta.resolve("chart.js");
  const [code = "", licence = ""] = await Promise.all(
    ["chart.umd.min.js", "../LICENSE.md"].map((name) => readFile(new URL(name, entry), "utf8")),
  );
  const text = `/*!\n${licence.trim()}\n*/\n${code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "")}\n`;
  return [{ path: join(dist, "cost-page", "chart.js"), contents: Buffer.from(text) }];
}

/** Each file is replaced atomically, so that a program that starts in between finds a complete file. */
async function writeDist(files: readonly BuiltFile[]): Promise<void> {
  for (const { path, contents } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeAtomically(path, contents);
  }
  const current = new Set(files.map(({ path }) => path));
  const present = await readdir(dist, { recursive: true, withFileTypes: true });
  for (const entry of present) {
    const path = join(entry.parentPath, entry.name);
    // A concurrent build has such files temporarily.
    if (entry.isFile() && !current.has(path) && !path.endsWith(".tmp")) await rm(path, { force: true });
  }
}

async function writeAtomically(path: string, contents: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}

/** Replaces `oclif manifest`, whose start takes longer than the rest of the build. */
async function writeManifest(): Promise<void> {
  const plugin = new Plugin({
    root,
    isRoot: true,
    pjson: JSON.parse(await readFile(join(root, "package.json"), "utf8")),
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  });
  await plugin.load();
  const text = `${JSON.stringify(plugin.manifest, null, 2)}\n`;
  await writeAtomically(join(root, "oclif.manifest.json"), text);
}

const started = performance.now();
await main();
console.log(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
