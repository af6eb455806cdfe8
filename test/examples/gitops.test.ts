import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect } from "chai";
import { parse, parseAllDocuments } from "yaml";
import { buildTool } from "../../bench/build-tool.ts";
import { packageRoot } from "../../package-root.ts";
import { parseEnvironmentConfig } from "../../stacks/environment-file.ts";
import { run, succeed } from "../e2e/support/process.ts";
import { ensureVenv } from "../support/venv.ts";
import { GITOPS, readWorkflow, WORKFLOWS } from "./workflows.ts";

const files = WORKFLOWS.map((name) => join(".github", "workflows", `${name}.yml`));
const read = (...path: string[]): Promise<string> => readFile(join(GITOPS, ...path), "utf8");

describe("examples/gitops", function () {
  // Building and installing the checkers takes a minute or two, once.
  this.timeout(600_000);
  let venv: string;
  const check = (command: string, ...args: string[]) =>
    succeed(run(command, args, { cwd: GITOPS, env: process.env }));

  before(async () => {
    venv = await ensureVenv("workflows");
  });

  it("passes actionlint", async () => {
    await check(await buildTool("actionlint"), ...files);
  });

  it("passes zizmor in its strictest mode", async () => {
    await check(join(venv, "zizmor"), "--offline", "--no-progress", "--persona", "auditor", ...files);
  });

  it("follows the schemas of GitHub and GitLab", async () => {
    const program = [join(venv, "python"), "-m", "check_jsonschema", "--builtin-schema"] as const;
    await check(...program, "vendor.github-workflows", ...files);
    await check(...program, "vendor.gitlab-ci", "--data-transform", "gitlab-ci", ".gitlab-ci.yml");
  });

  it("follows the schema of the Pulumi Kubernetes Operator", async () => {
    const schema = join(packageRoot(), "test", "examples", "operator-stack.schema.json");
    const validate = new Ajv({ strict: false }).compile(JSON.parse(await readFile(schema, "utf8")));
    const documents = parseAllDocuments(await read("operator", "stack.yaml")).map((each) => each.toJS());
    const stacks = documents.filter(({ kind }) => kind === "Stack");
    expect(stacks).to.have.length(1);
    validate(stacks[0]);
    expect(validate.errors).to.equal(null);
    expect(validate({ ...stacks[0], spec: { ...stacks[0].spec, projectRepos: "" } })).to.equal(false);
  });

  it("has valid settings", async () => {
    const { config } = parse(await read("Pulumi.prod.yaml")) as { config: Record<string, unknown> };
    const values = Object.entries(config).map(([key, value]) => [key.replace(/^spawn:/, ""), value]);
    const { settings, entries } = parseEnvironmentConfig("prod", Object.fromEntries(values), GITOPS);
    expect(settings.cloud).to.equal("aws");
    expect(entries.map(({ declaredAs }) => declaredAs)).to.deep.equal(["grch38"]);
  });

  it("pins the versions of this release", async () => {
    const own = JSON.parse(await readFile(join(packageRoot(), "package.json"), "utf8"));
    const { dependencies } = JSON.parse(await read("package.json"));
    expect(dependencies).to.deep.equal({
      "@pulumi/pulumi": own.devDependencies["@pulumi/pulumi"],
      "spawn-staging": own.version,
    });
    const policy = JSON.parse(await read("policy", "package.json"));
    expect(policy.dependencies).to.deep.equal({
      "@pulumi/policy": own.devDependencies["@pulumi/policy"],
      "@pulumi/pulumi": own.devDependencies["@pulumi/pulumi"],
    });
    const engine = own.devDependencies["@pulumi/pulumi"];
    for (const file of [...files, ".gitlab-ci.yml", "operator/stack.yaml"])
      expect(await read(file), file).to.match(
        new RegExp(`pulumi(-version)?: ?${engine}|pulumi/pulumi:${engine}`),
      );
  });

  for (const name of WORKFLOWS) {
    it(`${name} has the permissions that it needs, actions by hash, and no keys`, async () => {
      const { on, permissions, defaults, job } = await readWorkflow(name);
      expect(permissions).to.deep.equal({});
      // Without it, GitHub's bash has no pipefail.
      expect(defaults.run.shell).to.equal("bash");
      expect(on).to.not.have.property("pull_request_target");
      const own = { preview: { "pull-requests": "write" }, drift: { issues: "write" }, up: {}, cleanup: {} };
      expect(job.permissions).to.deep.equal({ contents: "read", "id-token": "write", ...own[name] });
      const environments = {
        preview: "spawn-preview",
        drift: "spawn-preview",
        up: "spawn-up",
        cleanup: "spawn-cleanup",
      };
      expect(job.environment).to.equal(environments[name]);
      const uses = job.steps.flatMap((step) => step.uses ?? []);
      expect(uses).to.have.length(4);
      for (const action of uses) expect(action).to.match(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      const text = await read(".github", "workflows", `${name}.yml`);
      expect(text).to.match(/uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+\n/);
      expect(text).to.not.match(/aws-access-key-id|aws-secret-access-key/);
    });
  }

  it("updates one at a time, and cancels previews only", async () => {
    for (const name of WORKFLOWS) {
      const { concurrency } = await readWorkflow(name);
      expect(concurrency["group"], name).to.match(new RegExp(`^spawn-${name}`));
      expect(concurrency["cancel-in-progress"], name).to.equal(name === "preview");
    }
  });

  it("updates to the end of main, also if an old run is started again", async () => {
    const { on, job } = await readWorkflow("up");
    expect(on["push"]).to.deep.equal({ branches: ["main"] });
    const checkout = job.steps.find(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkout?.with).to.include({ ref: "main" });
  });

  it("removes expired entries at midnight UTC", async () => {
    expect((await readWorkflow("cleanup")).on["schedule"]).to.deep.equal([{ cron: "0 0 * * *" }]);
  });
});
