import { chmod, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteBucketLifecycleCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parseAllDocuments } from "yaml";
import { packageRoot } from "../../package-root.ts";
import { parseAccountId } from "../../staging/accounts.ts";
import { parseEnvironmentSettings } from "../../staging/environment-values.ts";
import type { Statement } from "../../staging/policies/document.ts";
import { environmentPolicy, type PolicyName } from "../../staging/policies/policies.ts";
import { GITOPS, type WorkflowName } from "../examples/workflows.ts";
import { type Aws, sha256 } from "./support/aws.ts";
import { FakeGitHub } from "./support/fake-github.ts";
import { type JobResult, runGitLabJob } from "./support/gitlab-run.ts";
import { type Ended, run, succeed } from "./support/process.ts";
import { Roles } from "./support/roles.ts";
import { type RunResult, runWorkflow } from "./support/workflow-run.ts";
import { randomFile, sharedWorld, type World } from "./support/world.ts";

const ENVIRONMENT = "prod";
const REGIONS = ["us-east-1", "us-west-2"] as const;
const bucketOf = (region: string): string => `e2e-gitops-${region}`;
const SETTINGS = parseEnvironmentSettings(ENVIRONMENT, {
  ...{ cloud: "local", regions: REGIONS, bucketPrefix: "e2e-gitops-" },
});
const PULL_REQUEST = 7;
const ITEM = (ttl: number) => `    - name: reference
      source: data/reference.bin
      ttl: ${ttl}
      allowAccounts: ["111111111111"]
`;
/** The role of each workflow, as docs/gitops.md creates it. */
const POLICY_OF: Readonly<Record<WorkflowName, PolicyName>> = {
  ...{ preview: "previewer", up: "operator", drift: "previewer", cleanup: "stager" },
};

describe("The pipelines of examples/gitops", function () {
  this.timeout(300_000);
  const bytes = randomFile(3_000_000);
  const gitHub = new FakeGitHub();
  let world: World;
  let aws: Aws;
  let roles: Roles;
  let folder: string;
  let remote: string;
  let env: NodeJS.ProcessEnv;
  let id: string;
  /** The platform engineer's clone. */
  let clone: string;

  const git = (...args: string[]): Promise<Ended> => succeed(run("git", args, { cwd: clone, env }));
  const writeSettings = async (entries: string): Promise<void> => {
    const salt = (await readFile(join(clone, "Pulumi.prod.yaml"), "utf8")).match(
      /^encryptionsalt: .*\n/m,
    )?.[0];
    const text = `${salt ?? ""}config:
  spawn:cloud: local
  spawn:regions: [${REGIONS.join(", ")}]
  spawn:bucketPrefix: e2e-gitops-
  spawn:entries:${entries === "" ? " []\n" : `\n${entries}`}`;
    await writeFile(join(clone, "Pulumi.prod.yaml"), text);
  };
  const push = async (branch: string, message: string): Promise<void> => {
    await git("add", "--all");
    await git("commit", "--quiet", "--message", message);
    await git("push", "--quiet", "--force", "origin", `HEAD:${branch}`);
  };

  const statementsOf = (name: PolicyName): readonly Statement[] =>
    environmentPolicy(name, SETTINGS, parseAccountId("000000000000")).Statement;
  const roleOf = new Map<WorkflowName, NodeJS.ProcessEnv>();
  /** Runs a workflow with the credentials of its role. */
  const runs = async (name: WorkflowName, branch = "main", role = roleOf.get(name)): Promise<RunResult> =>
    runWorkflow(
      {
        ...{ remote, folder, env: { ...env, ...role } },
        values: {
          "github.token": gitHub.token,
          "github.event.pull_request.number": String(PULL_REQUEST),
          "vars.PULUMI_BACKEND_URL": `file://${join(folder, "state")}`,
          "secrets.PULUMI_CONFIG_PASSPHRASE": "",
        },
      },
      name,
      branch,
    );
  /** Runs a job of GitLab. In place of its token, the job has the credentials of its role. */
  const runsJob = async (name: WorkflowName, branch = "main"): Promise<JobResult> => {
    const project = {
      ...{ AWS_TOKEN: "token", PULUMI_BACKEND_URL: `file://${join(folder, "state")}` },
      ...{ PULUMI_CONFIG_PASSPHRASE: "", PREVIEW_ROLE_ARN: "preview", UP_ROLE_ARN: "up" },
      ...{ CLEANUP_ROLE_ARN: "cleanup" },
    };
    const own = { ...env, ...roleOf.get(name), ...project };
    return await runGitLabJob({ remote, folder, env: own }, name, branch);
  };
  const jobPasses = async (name: WorkflowName, branch?: string): Promise<JobResult> => {
    const result = await runsJob(name, branch);
    expect(result.code, result.output).to.equal(0);
    return result;
  };
  const passes = async (name: WorkflowName, branch?: string): Promise<RunResult> => {
    const result = await runs(name, branch);
    expect(result.code, result.output).to.equal(0);
    return result;
  };
  /** The comment of the workflow, which must be the only one of its kind. */
  const comment = (): string => {
    const own = (gitHub.comments.get(PULL_REQUEST) ?? []).filter(({ user }) => user.login !== "reviewer");
    expect(own).to.have.length(1);
    return own[0]?.body ?? "";
  };
  const versions = async () =>
    (await Promise.all(REGIONS.map((region) => aws.versions(region, bucketOf(region), `${id}/`)))).flat();
  const record = () => aws.item(SETTINGS.recordsTable, id, REGIONS[0]);

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    roles = new Roles(world, aws);
    folder = join(world.home, "gitops");
    remote = join(folder, "remote.git");
    clone = join(folder, "clone");
    await mkdir(join(folder, "state"), { recursive: true });
    env = {
      ...world.env,
      ...{
        CI: "true",
        PATH: `${await npmStub()}:${world.env["PATH"]}`,
        npm_config_cache: join(folder, "npm"),
      },
      ...{ GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@example.org" },
      ...{ GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@example.org" },
      ...{ GITHUB_API_URL: await gitHub.start(), GITHUB_REPOSITORY: gitHub.repository },
      ...{ GITHUB_SERVER_URL: "https://github.com", GITHUB_RUN_ID: "42" },
    };
    for (const [name, policy] of Object.entries(POLICY_OF) as [WorkflowName, PolicyName][])
      roleOf.set(name, (await roles.make(`gitops-${name}`, statementsOf(policy))).env);
    await succeed(run("git", ["init", "--quiet", "--bare", "--initial-branch", "main", remote], { env }));
    await cp(GITOPS, clone, { recursive: true });
    await succeed(run("git", ["init", "--quiet", "--initial-branch", "main", clone], { env }));
    await git("remote", "add", "origin", remote);
    await writeSettings("");
    await initStack();
    await push("main", "Declare the environment");
    gitHub.commentOf("reviewer", PULL_REQUEST, "<!-- spawn comment prod --> mine");
  });
  after(() => {
    roles?.close();
    gitHub.stop();
  });

  /** In place of the registry: the packages of this checkout. */
  async function npmStub(): Promise<string> {
    const tools = join(folder, "tools");
    await mkdir(tools, { recursive: true });
    const script = `#!/bin/sh
set -eu
[ "$*" = "ci --ignore-scripts" ] || { echo "unexpected: npm $*" >&2; exit 1; }
mkdir -p node_modules/.bin
ln -s '${world.project}' node_modules/spawn-staging
ln -s ../spawn-staging/bin/spawn node_modules/.bin/spawn
ln -s '${join(packageRoot(), "node_modules", "@pulumi")}' node_modules/@pulumi
`;
    await writeFile(join(tools, "npm"), script);
    await chmod(join(tools, "npm"), 0o755);
    return tools;
  }

  /** Once, by an administrator: the stack, whose salt the engine adds to the file. */
  async function initStack(): Promise<void> {
    const script = `npm ci --ignore-scripts; variables=$(npx --no spawn env); eval "$variables"; pulumi stack init ${ENVIRONMENT} --no-select`;
    const own = {
      ...env,
      SPAWN_ENVIRONMENT: ENVIRONMENT,
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    };
    await succeed(run("/bin/bash", ["-ec", script], { cwd: clone, env: own }));
    expect(await readFile(join(clone, "Pulumi.prod.yaml"), "utf8")).to.match(/^encryptionsalt: /m);
  }

  it("create the environment after a merge", async () => {
    await passes("up");
    for (const region of REGIONS)
      expect(await aws.hasBucket(region, bucketOf(region)), region).to.equal(true);
  });

  it("comment on a pull request that adds an item, and change nothing", async () => {
    await mkdir(join(clone, "data"));
    await writeFile(join(clone, "data", "reference.bin"), bytes);
    await writeSettings(ITEM(30));
    await push("add", "Stage the reference");
    const { summary } = await passes("preview", "add");
    expect(comment()).to.contain("Preview of environment `prod`").and.contain("to create");
    expect(comment()).to.match(/\+ +staging:index:StagedData stage-[0-9a-f]{12}-data create/);
    expect(comment()).to.match(
      /^- would move \S+ MB \(1 file\) to us-east-1, and replicate to us-west-2; estimated cost: .*\$\S+ for 30 days$/m,
    );
    expect(summary).to.contain(comment());
    for (const region of REGIONS)
      expect(await aws.versions(region, bucketOf(region), "stage-"), region).to.deep.equal([]);
  });

  it("stage the item after the merge", async () => {
    await git("push", "--quiet", "origin", "HEAD:main");
    await passes("up");
    const objects = await aws.versions(REGIONS[0], bucketOf(REGIONS[0]), "stage-");
    id = objects[0]?.key.split("/")[0] ?? "";
    for (const region of REGIONS)
      expect(await aws.sha256(region, bucketOf(region), `${id}/reference.bin`)).to.equal(sha256(bytes));
    expect(await record()).to.include({ declared_as: "reference", ttl_days: 30 });
  });

  it("find no drift without an edit", async () => {
    const { summary } = await passes("drift");
    expect(summary).to.contain("no drift");
    expect(gitHub.issues).to.deep.equal([]);
  });

  it("open one issue about rules that were edited by hand", async () => {
    await aws.s3(REGIONS[1]).send(new DeleteBucketLifecycleCommand({ Bucket: bucketOf(REGIONS[1]) }));
    await passes("drift");
    await passes("drift");
    expect(gitHub.issues).to.have.length(1);
    const [issue] = gitHub.issues;
    expect(issue).to.include({ title: "Drift in environment prod", state: "open" });
    expect(issue?.body).to.contain("BucketLifecycleConfiguration").and.contain("prod-us-west-2-lifecycle");
  });

  it("refuse a TTL above the limit of the policies, and say so in the same comment", async () => {
    await writeSettings(ITEM(90));
    await push("ttl", "Keep the reference longer");
    const { code } = await runs("preview", "ttl");
    expect(code).to.not.equal(0);
    expect(comment()).to.contain("A TTL of 90 days is more than the limit of 60");
  });

  it("change the TTL without moving data", async () => {
    const before = await versions();
    await writeSettings(ITEM(45));
    await push("ttl", "Keep the reference for 45 days");
    await passes("preview", "ttl");
    expect(comment())
      .to.match(/~ +staging:index:Expiration .*ttlDays/)
      .and.not.contain("limit of 60");
    expect(comment()).to.not.contain("would move");
    await git("push", "--quiet", "origin", "HEAD:main");
    await passes("up");
    expect(await versions()).to.deep.equal(before);
    expect(await record()).to.include({ ttl_days: 45 });
  });

  it("close the issue after that update, which also reverted the edit", async () => {
    await passes("drift");
    expect(gitHub.issues.map(({ state }) => state)).to.deep.equal(["closed"]);
  });

  it("fail if the drift cannot be determined, and open no issue", async () => {
    const results = await Promise.all(
      statementsOf("previewer").map(async ({ Sid }) => {
        const rest = statementsOf("previewer").filter((statement) => statement.Sid !== Sid);
        const role = await roles.make(`gitops-without-${Sid}`, rest);
        return { Sid, ...(await runs("drift", "main", role.env)) };
      }),
    );
    for (const { Sid, code, output } of results) {
      expect(code, `${Sid}\n${output}`).to.not.equal(0);
      expect(output, Sid).to.match(/denied|not authorized|may not|Forbidden/i);
    }
    expect(gitHub.issues.filter(({ state }) => state === "open")).to.deep.equal([]);
  });

  it("clean up", async () => {
    const { output } = await passes("cleanup");
    expect(output).to.contain("Nothing to clean up");
  });

  it("remove the item everywhere after its removal from the file", async () => {
    await writeSettings("");
    await push("main", "Remove the reference");
    await passes("up");
    expect(await versions()).to.deep.equal([]);
    expect(await record()).to.equal(undefined);
  });

  describe("of GitLab", () => {
    it("preview a merge request that adds an item, and change nothing", async () => {
      await writeSettings(ITEM(30));
      await push("gitlab", "Stage the reference again");
      const { artifacts, output } = await jobPasses("preview", "gitlab");
      expect(artifacts).to.match(/\+ +staging:index:StagedData stage-[0-9a-f]{12}-data create/);
      expect(artifacts).to.contain("would move");
      expect(output).to.contain(artifacts);
      expect(await aws.versions(REGIONS[0], bucketOf(REGIONS[0]), "stage-")).to.deep.equal([]);
    });

    it("fail at a TTL above the limit of the policies, also behind tee", async () => {
      await writeSettings(ITEM(90));
      await push("gitlab-ttl", "Keep the reference longer");
      const { code, artifacts } = await runsJob("preview", "gitlab-ttl");
      expect(code).to.not.equal(0);
      expect(artifacts).to.contain("A TTL of 90 days is more than the limit of 60");
    });

    it("stage the item after the merge", async () => {
      await writeSettings(ITEM(30));
      await push("main", "Stage the reference again");
      await jobPasses("up");
      const [object] = await aws.versions(REGIONS[0], bucketOf(REGIONS[0]), "stage-");
      id = object?.key.split("/")[0] ?? "";
      for (const region of REGIONS)
        expect(await aws.sha256(region, bucketOf(region), `${id}/reference.bin`)).to.equal(sha256(bytes));
      expect(await record()).to.include({ declared_as: "reference", ttl_days: 30 });
    });

    it("fail at drift, and only then", async () => {
      await jobPasses("drift");
      await aws.s3(REGIONS[1]).send(new DeleteBucketLifecycleCommand({ Bucket: bucketOf(REGIONS[1]) }));
      const { code, output } = await runsJob("drift");
      expect(code).to.not.equal(0);
      expect(output).to.contain("prod-us-west-2-lifecycle");
    });

    it("clean up, and remove the item everywhere after its removal from the file", async () => {
      expect((await jobPasses("cleanup")).output).to.contain("Nothing to clean up");
      await writeSettings("");
      await push("main", "Remove the reference again");
      await jobPasses("up");
      expect(await versions()).to.deep.equal([]);
      expect(await record()).to.equal(undefined);
    });
  });

  it("of the Kubernetes Operator install the plugin that the engine then finds", async () => {
    const documents = parseAllDocuments(await readFile(join(GITOPS, "operator", "stack.yaml"), "utf8"));
    const { spec } = documents.map((each) => each.toJS()).find(({ kind }) => kind === "Stack");
    const [{ command }] = spec.workspaceTemplate.spec.podTemplate.spec.initContainers;
    const checkout = join(folder, "operator");
    const own = {
      ...env,
      SPAWN_ENVIRONMENT: spec.stack,
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    };
    await succeed(run("git", ["clone", "--quiet", "--branch", spec.branch, remote, checkout], { env }));
    const [program = "", ...args] = command as string[];
    await succeed(run(program, args, { cwd: checkout, env: own }));
    // The local cloud needs the variables; the operator's pod has its own.
    const script = `variables=$(npx --no spawn env); eval "$variables"; pulumi preview --stack ${spec.stack} --expect-no-changes`;
    await succeed(run("/bin/bash", ["-ec", script], { cwd: checkout, env: own }));
  });
});
