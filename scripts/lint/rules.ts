import type { IForbiddenRuleType } from "dependency-cruiser";
import { type Layer, patternOf } from "./layers.ts";

/** Folders with code that users run. */
export const SHIPPED = [
  "cli",
  "components",
  "connection",
  "dashboard",
  "files",
  "library",
  "local",
  "package",
  "provider",
  "stacks",
  "staging",
];

/** Folders with code for developers. */
export const TOOLS = ["bench", "scripts", "test"];

const SHIPPED_FILES = `^(${SHIPPED.join("|")})/`;

const pkg = (names: string): string => `(^|/)node_modules/(${names})/`;

const DEVELOPMENT_TOOLS = pkg(
  "@biomejs/[^/]+|@cloud-copilot/[^/]+|@sparticuz/[^/]+|ajv|chai|dependency-cruiser|esbuild|fast-check|mocha|oclif|puppeteer-core|typescript",
);

/** Programs and modules that something other than an import starts. */
const ENTRY_POINTS =
  "^(bench|scripts|test)/|^cli/(commands|hooks)/|^cli/(complete|main)\\.ts$|^dashboard/main\\.tsx$|^library/index\\.ts$|^package/main\\.ts$|^stacks/index\\.ts$|^local/[a-z-]+/main\\.ts$";

/** Rules about packages and Node's own modules, which the table of layers does not name. */
const PACKAGE_RULES: readonly IForbiddenRuleType[] = [
  {
    name: "no-cycle",
    comment: "Files that import each other cannot be understood, tested or moved one at a time.",
    from: {},
    to: { circular: true },
  },
  {
    name: "unresolved-import",
    comment: "The file or package does not exist.",
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: "undeclared-package",
    comment: "package.json must name every package that the code imports.",
    from: {},
    to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
  },
  {
    name: "dev-package-in-shipped-code",
    comment:
      "The build bundles the packages of shipped code; tools for development do not belong in the bundles.",
    from: { path: SHIPPED_FILES },
    to: { path: DEVELOPMENT_TOOLS, dependencyTypesNot: ["type-only"] },
  },
  {
    name: "staging-is-pure",
    comment: "The domain does no I/O and knows neither AWS nor Pulumi.",
    from: { path: "^staging/" },
    to: {
      pathNot: ["^staging/", "^(crypto|path|zlib)$", pkg("csv-parse|ignore|valibot|yaml")],
    },
  },
  {
    name: "components-do-no-io",
    comment: "Components declare resources; resource handlers in provider/ do the I/O.",
    from: { path: "^components/" },
    to: { pathNot: [SHIPPED_FILES, pkg("@pulumi/(aws|pulumi)")] },
  },
  {
    name: "oclif-in-commands-only",
    comment: "Services, engine and provider must run without a command line.",
    from: {
      path: SHIPPED_FILES,
      pathNot:
        "^cli/(commands/|hooks/|(main|base-command|parse-errors|flags|launch-flags|upload-flags)\\.ts$)",
    },
    to: { path: pkg("@oclif/[^/]+") },
  },
  {
    name: "pulumi-aws-in-components-only",
    comment: "Only components and stacks declare resources of the AWS provider.",
    from: { path: SHIPPED_FILES, pathNot: "^(components|stacks)/" },
    to: { path: pkg("@pulumi/aws") },
  },
  {
    name: "aws-sdk-in-data-plane-only",
    comment: "Only code that sends requests loads the AWS SDK.",
    from: {
      path: SHIPPED_FILES,
      pathNot: [
        "^(connection|provider|local/aws-plugin|local/machines)/",
        "^cli/(clients|engine|services)/",
        "^cli/context\\.ts$",
      ],
    },
    to: { path: pkg("@aws-sdk/[^/]+|@smithy/[^/]+") },
  },
  {
    name: "unused-file",
    comment: "No program reaches this file.",
    from: { path: ENTRY_POINTS },
    to: { path: SHIPPED_FILES, pathNot: ENTRY_POINTS, reachable: false },
  },
];

/** All rules: those of the table, then those about packages. */
export function importRules(layers: readonly Layer[]): IForbiddenRuleType[] {
  return [...layers.map((layer) => layerRule(layer, layers)), ...PACKAGE_RULES].map((rule) => ({
    ...rule,
    severity: "error",
  }));
}

function layerRule({ folder, imports }: Layer, layers: readonly Layer[]): IForbiddenRuleType {
  return {
    name: `imports-of-${folder.replaceAll("/", "-").slice(0, -1)}`,
    comment: `${folder} imports ${imports.length === 0 ? "only itself" : imports.join(", ")}: see docs/design/layers.md.`,
    from: { path: patternOf(folder, layers) },
    to: {
      dependencyTypesNot: ["core"],
      pathNot: [pkg("[^/]+"), patternOf(folder, layers), ...imports.map((name) => patternOf(name, layers))],
    },
  };
}
