import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Plugin } from "@oclif/core";
import { type BuildOptions, build } from "esbuild";
import { findPackageRoot } from "../local/paths.ts";

/*
 * Bundles the programs into `dist/` and writes oclif's manifest, from which the command line knows its commands
 * without loading them. The new tree is built beside the old one and then takes its place.
 */

const root = findPackageRoot(import.meta.dirname);
const dist = join(root, "dist");
const next = join(root, `dist.${process.pid}.tmp`);

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

const COMMON: BuildOptions = {
  absWorkingDir: root,
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
};

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
const CLI_ENTRY = "cli/main.ts";

async function main(): Promise<void> {
  const missing = [...PROGRAMS.map(({ source }) => source), CLI_ENTRY].filter(
    (source) => !existsSync(join(root, source)),
  );
  if (missing.length > 0) console.warn(`Not there yet, so not built: ${missing.join(", ")}`);
  await rm(next, { recursive: true, force: true });
  try {
    const present = PROGRAMS.filter(({ source }) => !missing.includes(source));
    await Promise.all([...present.map(buildProgram), buildCommandLine()]);
    await replaceDist();
  } finally {
    await rm(next, { recursive: true, force: true });
  }
  await writeManifest();
}

async function buildProgram({ source, output, external }: Program): Promise<void> {
  await build({ ...COMMON, entryPoints: [source], outfile: join(next, output), external: [...external] });
}

/** One module a command, so that a run loads only its own; what they share is split off. */
async function buildCommandLine(): Promise<void> {
  const folder = join(root, "cli");
  const modules = (await readdir(folder, { recursive: true })).filter(
    (file) => file.endsWith(".ts") && /^(commands|hooks)\//.test(file),
  );
  await build({
    ...COMMON,
    entryPoints: [CLI_ENTRY, ...modules.map((file) => `cli/${file}`)],
    outbase: "cli",
    outdir: join(next, "cli"),
    chunkNames: "chunks/[name]-[hash]",
    splitting: true,
    external: ["@pulumi/*", "@grpc/*", ...COMPILERS],
  });
}

async function replaceDist(): Promise<void> {
  const old = `${next}.old`;
  await rm(old, { recursive: true, force: true });
  if (existsSync(dist)) await rename(dist, old);
  await rename(next, dist);
  await rm(old, { recursive: true, force: true });
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
  const file = join(root, "oclif.manifest.json");
  await writeFile(`${file}.${process.pid}.tmp`, `${JSON.stringify(plugin.manifest, null, 2)}\n`);
  await rename(`${file}.${process.pid}.tmp`, file);
}

const started = performance.now();
await main();
console.log(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
