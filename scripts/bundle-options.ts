import type { BuildOptions, Plugin as BundlerPlugin } from "esbuild";

/** ESM has no `require`, `__filename` and `__dirname`; bundled CommonJS packages use them. */
const BANNER = [
  'import{createRequire as __createRequire}from"node:module";',
  'import{fileURLToPath as __fileURLToPath}from"node:url";',
  "const require=__createRequire(import.meta.url);",
  "const __bundleFile=__fileURLToPath(import.meta.url);",
  'const __bundleFolder=__fileURLToPath(new URL(".",import.meta.url));',
].join("");

/**
 * Packages that Pulumi's SDK loads at start (half a second) and uses only to serialize functions, which this program
 * does not do: a compiler and a package manager. A call to one of them throws an error that says so.
 */
const UNUSED: BundlerPlugin = {
  name: "unused",
  setup(bundler) {
    bundler.onResolve({ filter: /^(typescript|ts-node|tsx|@npmcli\/arborist)$/ }, ({ path }) => ({
      path,
      namespace: "unused",
    }));
    bundler.onLoad({ filter: /.*/, namespace: "unused" }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get(_, name) {
        if (typeof name === "symbol" || name === "__esModule" || name === "default" || name === "then") return undefined;
        throw new Error(${JSON.stringify(`${path} is not part of this bundle`)});
      } });`,
      loader: "js",
    }));
  },
};

/**
 * The data plane needs only undici's client. Loading all of undici takes 40 ms more, for caches, WebSockets and mocks. A deep import
 * in the source would have no types.
 */
const UNDICI_PARTS: BundlerPlugin = {
  name: "undici-parts",
  setup(bundler) {
    bundler.onResolve({ filter: /^undici$/ }, ({ path, resolveDir }) => ({
      path,
      namespace: "undici-parts",
      pluginData: resolveDir,
    }));
    bundler.onLoad({ filter: /.*/, namespace: "undici-parts" }, ({ pluginData }) => ({
      contents: `module.exports = {
        Client: require("undici/lib/dispatcher/client.js"),
        buildConnector: require("undici/lib/core/connect.js"),
        errors: require("undici/lib/core/errors.js"),
      };`,
      loader: "js",
      resolveDir: String(pluginData),
    }));
  },
};

/** The options of every program that Node runs. @param root of the repository */
export const bundleOptions = (root: string) =>
  ({
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22.18",
    banner: { js: BANNER },
    // Names of their own, because some ESM packages declare the usual ones.
    define: { __filename: "__bundleFile", __dirname: "__bundleFolder" },
    plugins: [UNUSED, UNDICI_PARTS],
    // Lazily loaded code stays in separate files; that is most of the AWS SDK.
    splitting: true,
    // Names stay readable in stack traces; minification only saves load time.
    minifyWhitespace: true,
    minifySyntax: true,
    // ESM editions of packages (the AWS SDK) allow tree shaking.
    mainFields: ["module", "main"],
    legalComments: "none",
    logLevel: "warning",
  }) as const satisfies BuildOptions;
