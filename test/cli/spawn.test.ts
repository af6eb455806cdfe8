import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { makeTestHome } from "../support/cloud.ts";
import { makeTestProject, runProgram, type SpawnResult, type TestProject } from "./process.ts";

describe("bin/spawn", () => {
  let home: Awaited<ReturnType<typeof makeTestHome>>;
  let project: TestProject;
  let env: NodeJS.ProcessEnv;
  before(async () => {
    project = await makeTestProject();
    home = await makeTestHome();
    // No test here may reach a cloud: the endpoint of a command that gets so far does not respond.
    env = { ...home.env, AWS_ENDPOINT_URL: "http://127.0.0.1:9", SPAWN_ENVIRONMENT: "" };
    delete env["SPAWN_ENVIRONMENT"];
  });
  after(async () => {
    await home?.remove();
    await project?.remove();
  });
  const run = (...args: string[]): Promise<SpawnResult> => project.run(args, env);

  it("names the supported systems on Windows", () => {
    const asWindows = "data:text/javascript,Object.defineProperty(process, 'platform', { value: 'win32' })";
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--import", asWindows, join(packageRoot(), "bin", "spawn"), "--version"],
      { encoding: "utf8" },
    );
    expect(status).to.equal(1);
    expect(stderr).to.match(/^Error: spawn does not run on Windows itself.*\nFix: .*wsl --install\n$/);
  });

  it("names the command that builds it, for any folder", async () => {
    const root = join(home.home, "it's here");
    await mkdir(join(root, "bin"), { recursive: true });
    await copyFile(join(packageRoot(), "bin", "spawn"), join(root, "bin", "spawn"));
    const { code, stderr } = await runProgram(join(root, "bin", "spawn"), ["stage", "list"], { env });
    expect(code).to.equal(1);
    const [, fix = ""] = /^Error: spawn is not built yet\.\nFix: +(.*) && npm run build\n$/.exec(stderr) ?? [
      stderr,
    ];
    expect(spawnSync("sh", ["-c", `${fix} && pwd`], { encoding: "utf8" }).stdout).to.equal(`${root}\n`);
  });

  it("keeps compiled code in no folder in which another user can write", async () => {
    const cache = join(home.home, "shared");
    const compiled = join(cache, "node-compile-cache");
    for (const [mode, isUsed] of [
      [0o777, false],
      [0o700, true],
    ] as const) {
      await mkdir(cache, { recursive: true });
      await chmod(cache, mode);
      const { code } = await project.run(["--help"], { ...env, SPAWN_CACHE: cache });
      expect(code).to.equal(0);
      expect(existsSync(compiled)).to.equal(isUsed);
    }
  });

  for (const [args, fix] of [
    [["stage", "estimate"], "spawn stage estimate --data-size-gb 100 --environment lab"],
    [["stage", "update", "stage-abc123def456"], "spawn stage update STAGING-ID --ttl 14 --environment lab"],
    [["stage", "list", "--incomplete", "--sort", "size"], "spawn stage list --incomplete --environment lab"],
    [["stage", "info", "a b"], "spawn stage list --environment lab"],
    [["sweep", "info", "a b"], "spawn sweep list --environment lab"],
  ] as const)
    it(`suggests commands for the environment in use: ${args.join(" ")}`, async () => {
      for (const place of [["--environment", "lab"], ["--environment=lab"]]) {
        const { code, stderr } = await run(...args, ...place);
        expect(code, stderr).to.equal(2);
        expect(stderr).to.contain(fix);
      }
      const bare = await project.run(args, { ...env, SPAWN_ENVIRONMENT: "lab" });
      expect(bare.stderr).to.contain(fix.replace(" --environment lab", "")).and.not.contain("--environment");
    });

  it("prints its version like oclif", async () => {
    const expected = `spawn/0.1.0 ${process.platform}-${process.arch} node-${process.version}\n`;
    expect(await run("--version")).to.deep.equal({ code: 0, stdout: expected, stderr: "" });
    expect((await run("--version", "--verbose")).stdout).to.equal(expected);
  });

  it("prints help", async () => {
    const { code, stdout } = await run("--help");
    expect(code).to.equal(0);
    for (const word of ["stage", "environment", "local", "doctor", "env"])
      expect(stdout).to.match(new RegExp(`^  ${word} `, "m"));
    expect((await run()).stdout).to.equal(stdout);
  });

  it("has summary, description and examples for every command, and a summary for every flag", async () => {
    const manifest = JSON.parse(await readFile(join(project.folder, "oclif.manifest.json"), "utf8")) as {
      commands: Record<string, Record<string, unknown>>;
    };
    const ids = Object.keys(manifest.commands);
    expect(ids).to.include.members(["stage:list", "stage:info", "local:up", "local:reset", "doctor", "env"]);
    for (const [id, command] of Object.entries(manifest.commands)) {
      expect(command["summary"], id).to.be.a("string").and.match(/\.$/);
      expect(command["description"], id).to.be.a("string").and.have.length.above(20);
      expect(command["examples"], id).to.be.an("array").and.not.be.empty;
      for (const [name, flag] of Object.entries(
        command["flags"] as Record<string, Record<string, unknown>>,
      )) {
        if (name === "json") continue; // oclif's own
        expect(flag["summary"], `${id} --${name}`).to.be.a("string").and.match(/\.$/);
      }
    }
  });

  it("has the guide's commands with their flags and arguments", async () => {
    const manifest = JSON.parse(await readFile(join(project.folder, "oclif.manifest.json"), "utf8")) as {
      commands: Record<string, { flags: object; args: object }>;
    };
    const ofCommand = (id: string) => ({
      args: Object.keys(manifest.commands[id]?.args ?? {}),
      flags: Object.keys(manifest.commands[id]?.flags ?? {}),
    });
    const everywhere = ["environment", "json", "verbose"];
    expect(ofCommand("stage:list").flags).to.have.members([
      ...everywhere,
      "sweep-id",
      "region",
      "incomplete",
      "verify",
      "sort",
      "reverse",
      "limit",
      "format",
      "raw",
    ]);
    expect(ofCommand("stage:info").args).to.deep.equal(["staging-id"]);
    expect(ofCommand("stage:resume").args).to.deep.equal(["staging-id"]);
    expect(ofCommand("stage:upload").args).to.deep.equal(["local-path"]);
    expect(ofCommand("stage:upload").flags).to.include.members([
      ...everywhere,
      "regions",
      "dest",
      "sweep-id",
      "ttl",
      "allow-accounts",
      "multipart",
      "timeout",
      "exclude",
      "replication",
      "name",
    ]);
    expect(ofCommand("stage:delete").args).to.deep.equal(["staging-id"]);
    expect(ofCommand("stage:delete").flags).to.include("yes");
    expect(ofCommand("config:set").args).to.deep.equal(["key", "value"]);
    expect(ofCommand("config:get").args).to.deep.equal(["key"]);
    expect(ofCommand("config:unset").args).to.deep.equal(["key"]);
    expect(ofCommand("config:list").flags).to.have.members(everywhere);
  });

  const refused: [string, string[], string][] = [
    [
      "an unknown flag, with the nearest one",
      ["stage", "list", "--regon", "us-east-1"],
      "Error: unknown flag --regon\nWhy: spawn stage list has no such flag.\nFix: Use --region, or see: spawn stage list --help\n",
    ],
    [
      "a missing argument",
      ["stage", "info"],
      "Error: <staging-id> is missing\nWhy: spawn stage info needs it.\nFix: spawn stage info --help\n",
    ],
    [
      "an argument too many",
      ["stage", "list", "everything"],
      "Error: unexpected argument everything\nWhy: spawn stage list takes no further argument.\nFix: spawn stage list --help\n",
    ],
    [
      "a flag without its value",
      ["stage", "list", "--format"],
      "Error: flag --format expects one of these values: table, json, yaml, csv\nFix: spawn stage list --help\n",
    ],
    [
      "a value that a flag does not know",
      ["stage", "list", "--format", "xml"],
      "Error: expected --format=xml to be one of: table, json, yaml, csv\nFix: spawn stage list --help\n",
    ],
    ["flags that exclude each other", ["stage", "list", "--format", "yaml", "--json"], ""],
    [
      "an unknown command, with the nearest one",
      ["stage", "lst"],
      "Error: there is no command spawn stage lst\nFix: Did you mean spawn stage list? All commands: spawn stage --help\n",
    ],
    ["an unknown region", ["stage", "list", "--region", "us_east_1"], 'Error: unknown region "us_east_1"\n'],
    [
      "what is no staging ID",
      ["stage", "info", "stage-123"],
      'Error: "stage-123" is not a staging ID\nWhy: A staging ID is stage- and 12 hexadecimal digits, such as stage-abc123def456, or its first 4 digits or more.\nFix: spawn stage list\n',
    ],
    [
      "an empty path of a download",
      ["stage", "download", "stage-123456789abc", ""],
      "Error: the destination is empty\nWhy: The path is an empty text.\nFix: If it comes from a variable, check that the variable is set. Without a path, the entry's own name is used.\n",
    ],
    [
      "an environment's name that cannot be one",
      ["stage", "list", "--environment", "Dev.1"],
      'Error: "Dev.1" is not the name of an environment\n',
    ],
    [
      "an environment that does not exist",
      ["stage", "list", "--environment", "nowhere"],
      "Error: there is no environment nowhere\n",
    ],
    [
      "a prompt without a terminal",
      ["local", "reset"],
      "⚠️  This will delete everything in the local cloud and cannot be undone.\nError: the command needs a confirmation\nWhy: The input is not a terminal, so the command needs --yes.\nFix: spawn local reset --yes\n",
    ],
  ];
  for (const [what, args, stderr] of refused) {
    it(`refuses ${what}`, async () => {
      const result = await run(...args);
      expect(result.code).to.equal(2);
      if (args.includes("--json")) {
        expect(JSON.parse(result.stdout)).to.have.property("status", 2);
        expect(result.stderr).to.equal("");
      } else {
        expect(result.stdout).to.equal("");
        expect(result.stderr.startsWith(stderr), result.stderr).to.equal(true);
      }
    });
  }

  for (const [args, expected] of [
    [["stage", "info"], 2],
    [["stage", "upload"], 2],
    [["sweep", "status"], 2],
    [["config", "set", "staging.ttl"], 2],
    [["stage", "download", "stage-123456789abc"], 1],
  ] as const) {
    it(`reads no argument of ${args.join(" ")} from stdin`, async () => {
      const script = `printf '7\\n8\\n' | { "$0" "$@"; code=$?; cat; exit $code; }`;
      const { code, stdout, stderr } = await shell(script, args);
      expect({ code, stdout }, stderr).to.deep.equal({ code: expected, stdout: "7\n8\n" });
    });
  }

  it("exits with 1 if the cloud does not respond, and names it", async () => {
    const { code, stdout, stderr } = await run("stage", "list");
    expect(code).to.equal(1);
    expect(stdout).to.equal("");
    expect(stderr).to.match(
      /^Error: http:\/\/127\.0\.0\.1:9 is not answering\nWhy: .*AWS_ENDPOINT_URL.*\nFix: Check AWS_ENDPOINT_URL.*\n$/,
    );
    expect((await run("stage", "list", "--verbose")).stderr).to.match(/ECONNREFUSED[\s\S]*\n\s+at /);
  });

  it("prints only JSON on stdout under --json, also for errors", async () => {
    const failed = await run("stage", "info", "stage-123456789abc", "--json");
    expect(failed.code).to.equal(1);
    expect(failed.stderr).to.equal("");
    expect(JSON.parse(failed.stdout)).to.have.keys("status", "error", "warnings");
    const unknown = await run("stage", "lst", "--json");
    expect(JSON.parse(unknown.stdout).error.message).to.equal("there is no command spawn stage lst");
    const status = JSON.parse((await run("local", "status", "--json")).stdout);
    expect(status).to.deep.include({ status: 0, warnings: [] });
    expect(status.result.state).to.equal("stopped");
  });

  it("takes the environment from SPAWN_ENVIRONMENT", async () => {
    const { stderr } = await project.run(["stage", "list"], { ...env, SPAWN_ENVIRONMENT: "elsewhere" });
    expect(stderr).to.contain("Error: there is no environment elsewhere\n");
  });

  it("colours its errors only on request", async () => {
    const plain = await project.run(["stage", "info"], { ...env, NO_COLOR: "1" });
    expect(plain.stderr).to.not.contain("\u001b");
    const coloured = await project.run(["stage", "info"], { ...env, FORCE_COLOR: "1" });
    expect(coloured.stderr).to.contain("\u001b[1m\u001b[31mError:");
  });

  it("works through a link, from any folder", async () => {
    const link = join(home.home, "spawn");
    await symlink(project.spawn, link);
    const { code, stdout } = await runProgram(process.execPath, [link, "local", "status"], {
      env,
      cwd: home.home,
    });
    expect(code).to.equal(0);
    expect(stdout).to.match(/^State: (stopped|not installed)/);
  });

  it("ignores NODE_ENV", async () => {
    const { code, stderr } = await project.run(["local", "status"], { ...env, NODE_ENV: "development" });
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
  });

  it("diagnoses the machine, even with an unreadable environment", async () => {
    const { code, stdout } = await run("doctor", "--environment", "nowhere");
    expect(code).to.equal(1);
    expect(stdout).to.match(/^✗ Environment {4,}there is no environment nowhere\n +Fix: /);
    expect(stdout).to.match(/^✓ Node /m);
    const json = JSON.parse((await run("doctor", "--environment", "nowhere", "--json")).stdout);
    expect(json.status).to.equal(1);
    expect(json.result[0]).to.include({ name: "Environment", status: "fail" });
  });

  const written: [string, string[], number][] = [
    ["a report", ["doctor"], 1],
    ["an envelope", ["config", "list", "--json"], 1],
    ["a help page", ["--help"], 1],
    ["the help of a topic", ["stage", "--help"], 1],
    ["the version", ["--version"], 1],
    ["a table", ["local", "status"], 1],
    ["an estimate as YAML", ["stage", "estimate", "--data-size-gb", "1", "--format", "yaml"], 1],
    ["a line", ["config", "unset", "staging.ttl", "--json"], 1],
  ];
  for (const [what, args, expected] of written) {
    it(`fails if ${what} cannot be written`, async () => {
      const { code, stderr } = await shell(`"$0" "$@" > /dev/full`, args);
      expect(code, stderr).to.equal(expected);
      expect(stderr).to.match(/^Error: the output could not be written(\nWhy)?: ENOSPC/);
    });
  }

  it("writes an error to stderr if stdout cannot take its JSON envelope", async () => {
    for (const [args, message] of [
      [["stage", "lst", "--json"], "there is no command spawn stage lst"],
      [["stage", "info", "nothing", "--json"], '"nothing" is not a staging ID'],
    ] as const) {
      const { code, stderr } = await shell(`"$0" "$@" > /dev/full`, args);
      expect({ code, first: stderr.split("\n", 1)[0] }).to.deep.equal({
        code: 2,
        first: `Error: ${message}`,
      });
    }
  });

  it("exits quietly if the reader of stdout has exited, or stdout is closed", async () => {
    for (const script of [`set -o pipefail; "$0" "$@" | true`, `"$0" "$@" >&-`]) {
      for (const args of [["--help"], ["config", "list"], ["config", "list", "--json"]]) {
        expect(await shell(script, args), script).to.deep.equal({ code: 0, stdout: "", stderr: "" });
      }
    }
  });

  const shell = (script: string, args: readonly string[]): Promise<SpawnResult> =>
    runProgram("/bin/bash", ["-c", script, process.execPath, project.spawn, ...args], { env });
});
