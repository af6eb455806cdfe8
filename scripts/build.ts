import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Plugin } from "@oclif/core";
import { type BuildOptions, build, type OutputFile } from "esbuild";
import { findPackageRoot } from "../local/paths.ts";

/*
 * Bundles the programs into `dist/` and writes oclif's manifest, from which the command line knows its commands
 * without loading them. Nothing is written before all is built, so a failed build leaves the last good one.
 */

const root = findPackageRoot(import.meta.dirname);
const dist = join(root, "dist");

/** ESM has no `require`, `__filename` and `__dirname`; bundled CommonJS packages use them. */
const BANNER = [
  'import{createRequire as __createRequire}from"node:module";',
  'import{fileURLToPath as __fileURLToPath}from"node:url";',
  "const require=__createRequire(import.meta.url);",
  "const __filename=__fileURLToPath(import.meta.url);",
  'const __dirname=__fileURLToPath(new URL(".",import.meta.url));',
].join("");

/** Never used at run time: compilers that libraries would load to run TypeScript. */
const COMPILERS = ["typescript", "ts-node", "tsx"];

const COMMON = {
  absWorkingDir: root,
  write: false,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22.18",
  banner: { js: BANNER },
  // Names stay, so that a stack trace can be read; what is saved is time to load.
  minifyWhitespace: true,
  minifySyntax: true,
  keepNames: true,
  // Where a package has an ESM edition too (the AWS SDK), what is not used of it is left out.
  mainFields: ["module", "main"],
  legalComments: "none",
  logLevel: "warning",
} as const satisfies BuildOptions;

/** A program in one file: its source, and the file in `dist/`. */
interface Program {
  readonly source: string;
  readonly output: string;
  readonly external: readonly string[];
}

const PROGRAMS: readonly Program[] = [
  // The SDK must be one instance in the process: the engine's program runs in it, and components register with it.
  { source: "stacks/index.ts", output: "stacks/index.js", external: ["@pulumi/*", "@grpc/*"] },
  { source: "provider/main.ts", output: "provider/main.js", external: COMPILERS },
  { source: "local/aws-plugin/main.ts", output: "local/aws-plugin.js", external: COMPILERS },
  { source: "local/language-host/main.ts", output: "local/language-host.js", external: COMPILERS },
];

async function main(): Promise<void> {
  const files = (await Promise.all([...PROGRAMS.map(buildProgram), buildCommandLine()])).flat();
  await writeDist(files);
  await writeManifest();
}

async function buildProgram({ source, output, external }: Program): Promise<OutputFile[]> {
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: [source],
    outfile: join(dist, output),
    external: [...external],
  });
  return outputFiles;
}

/** One module a command, so that a run loads only its own; what they share is split off. */
async function buildCommandLine(): Promise<OutputFile[]> {
  const modules = (await readdir(join(root, "cli"), { recursive: true })).filter(
    (file) => file.endsWith(".ts") && /^(commands|hooks)\//.test(file),
  );
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: ["cli/main.ts", ...modules.map((file) => `cli/${file}`)],
    outbase: "cli",
    outdir: join(dist, "cli"),
    chunkNames: "chunks/[name]-[hash]",
    splitting: true,
    external: ["@pulumi/*", "@grpc/*", ...COMPILERS],
  });
  return outputFiles;
}

/** Each file is replaced at once, so that a program that starts meanwhile finds the old one or the new one whole. */
async function writeDist(files: readonly OutputFile[]): Promise<void> {
  for (const { path, contents } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeAtomically(path, contents);
  }
  const current = new Set(files.map(({ path }) => path));
  const present = await readdir(dist, { recursive: true, withFileTypes: true });
  for (const entry of present) {
    const path = join(entry.parentPath, entry.name);
    // Another build at the same time has such files for a moment.
    if (entry.isFile() && !current.has(path) && !path.endsWith(".tmp")) await rm(path, { force: true });
  }
}

async function writeAtomically(path: string, contents: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}

/** What `oclif manifest` does, without starting it, which takes longer than all the rest. */
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
