import { execFile, spawn } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { type EngineInfo, ensureEngine } from "../../local/engine/engine.ts";
import { ownLanguageHost } from "../../local/engine/language-host.ts";
import { packageRoot } from "../../package-root.ts";
import { makeTestHome } from "../support/cloud.ts";

const PROGRAM = `
import { Config, ComponentResource, RunError, runtime } from "@pulumi/pulumi";
import { writeFileSync } from "node:fs";
const config = new Config("sample");
console.log("on stdout", runtime.isDryRun());
console.error("on stderr");
new (class extends ComponentResource {
  constructor(name) { super("sample:index:Thing", name); this.registerOutputs({}); }
})("thing");
const mode = config.get("mode");
if (mode === "throw") throw new RunError("the program says no");
if (mode === "exit") process.exit(7);
if (mode === "hang") {
  writeFileSync("pid", String(process.pid));
  setInterval(() => {}, 1000);
  await new Promise(() => {});
}
export const greeting = config.requireObject("names").map((name) => "hello " + name);
`;

describe("language host with a real engine", () => {
  let home: Awaited<ReturnType<typeof makeTestHome>>;
  let project: string;
  let engine: EngineInfo;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    engine = await ensureEngine();
    home = await makeTestHome();
    project = join(home.home, "a project");
    await mkdir(join(project, "node_modules", "@pulumi"), { recursive: true });
    await mkdir(join(project, "dist"), { recursive: true });
    await symlink(
      join(packageRoot(), "node_modules", "@pulumi", "pulumi"),
      join(project, "node_modules", "@pulumi", "pulumi"),
    );
    await writeFile(
      join(project, "package.json"),
      '{"name":"sample","type":"module","dependencies":{"@pulumi/pulumi":"*"}}',
    );
    await writeFile(join(project, "dist", "index.js"), PROGRAM);
    await writeFile(
      join(project, "Pulumi.yaml"),
      "name: sample\nruntime: { name: nodejs, options: { typescript: false } }\nmain: dist/index.js\n",
    );
    // A symbolic link in a folder with a space: the wrapper must find its package through it.
    const links = join(home.home, "links to it");
    await mkdir(links);
    await symlink(ownLanguageHost(), join(links, "pulumi-language-nodejs"));
    await mkdir(join(home.home, "state"));
    env = {
      ...home.env,
      PATH: [links, dirname(engine.command), process.env["PATH"]].join(":"),
      PULUMI_BACKEND_URL: pathToFileURL(join(home.home, "state")).href,
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_HOME: join(home.home, "pulumi"),
    };
    await pulumi("stack", "init", "test");
    await pulumi("config", "set", "--path", "sample:names[0]", "two words");
  });

  after(() => home.remove());

  async function pulumi(...args: string[]): Promise<{ code: number; output: string }> {
    return promisify(execFile)(engine.command, [...args, "--non-interactive"], { cwd: project, env }).then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      (error: { code?: number; stdout?: string; stderr?: string }) => {
        if (typeof error.code !== "number") throw error;
        return { code: error.code, output: `${error.stdout}${error.stderr}` };
      },
    );
  }

  it("previews and runs a program with its configuration, and prints its whole output", async () => {
    const preview = await pulumi("preview");
    expect(preview).to.include({ code: 0 });
    expect(preview.output).to.include("on stdout true");
    const { code, output } = await pulumi("up", "--yes", "--skip-preview");
    expect(code, output).to.equal(0);
    expect(output)
      .to.include("on stdout false")
      .and.to.include("on stderr")
      .and.to.include("hello two words");
    const thing = JSON.parse((await pulumi("stack", "export")).output) as {
      deployment: { resources: { type: string }[] };
    };
    expect(thing.deployment.resources.map(({ type }) => type)).to.deep.equal([
      "pulumi:pulumi:Stack",
      "sample:index:Thing",
    ]);
  });

  it("prints the output of a failed program once", async () => {
    await pulumi("config", "set", "sample:mode", "throw");
    const { code, output } = await pulumi("up", "--yes", "--skip-preview");
    expect(code).not.to.equal(0);
    const diagnostics = output.slice(output.indexOf("Diagnostics:"));
    expect(diagnostics.split("the program says no")).to.have.length(2);
    expect(diagnostics).not.to.include("non-zero exit code");
  });

  it("shows the exit code of a silent program", async () => {
    await pulumi("config", "set", "sample:mode", "exit");
    const { code, output } = await pulumi("up", "--yes", "--skip-preview");
    expect(code).not.to.equal(0);
    expect(output).to.include("Program exited with non-zero exit code: 7");
  });

  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    it(`ends the program when the engine ends by ${signal}`, async () => {
      await pulumi("cancel", "--yes");
      await pulumi("config", "set", "sample:mode", "hang");
      const run = spawn(engine.command, ["up", "--yes", "--skip-preview", "--non-interactive"], {
        cwd: project,
        env,
        stdio: "ignore",
      });
      const ended = new Promise((resolve) => run.once("exit", resolve));
      const pid = await programPid();
      run.kill(signal);
      await ended;
      await gone(pid);
    });
  }

  it("destroys by running the program, and lists its packages", async () => {
    await pulumi("cancel", "--yes");
    await pulumi("config", "rm", "sample:mode");
    const about = await pulumi("about");
    expect(about.output).to.include("This project is written in nodejs").and.to.include("@pulumi/pulumi");
    const { code, output } = await pulumi("destroy", "--yes", "--skip-preview", "--run-program");
    expect(code, output).to.equal(0);
  });

  /** The program writes its pid when the engine runs it; an old one is from an earlier run. */
  async function programPid(): Promise<number> {
    const file = join(project, "dist", "pid");
    for (let i = 0; i < 600; i++) {
      const text = await readFile(file, "utf8").catch(() => "");
      const pid = Number(text);
      if (pid > 0 && (await isProgram(pid))) return pid;
      await sleep(50);
    }
    throw new Error("the program did not start");
  }

  async function gone(pid: number): Promise<void> {
    for (let i = 0; i < 200; i++) {
      if (!(await isProgram(pid))) return;
      await sleep(50);
    }
    throw new Error(`the program ${pid} is still running`);
  }

  async function isProgram(pid: number): Promise<boolean> {
    const { stdout } = await promisify(execFile)("ps", ["-o", "args=", "-p", String(pid)]).catch(() => ({
      stdout: "",
    }));
    return stdout.includes("cmd/run") && !stdout.includes("<defunct>");
  }
});
