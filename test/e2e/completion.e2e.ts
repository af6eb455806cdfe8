import { existsSync } from "node:fs";
import { access, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { SHELLS, type Shell } from "../../cli/services/completion/scripts.ts";
import { run, succeed } from "./support/process.ts";
import { randomFile, sharedWorld, type World } from "./support/world.ts";

/** Shells of this machine: each has bash. */
const INSTALLED = SHELLS.filter((shell) =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, shell))),
);

/** Programs that print the candidates for the words in their arguments, a line each, by the script in `$SCRIPT`. */
const PROGRAMS: Readonly<Record<Shell, readonly string[]>> = {
  bash: [
    "--norc",
    "-c",
    `eval "$SCRIPT"; COMP_WORDS=(spawn "$@") COMP_CWORD=$#; _spawn_complete; IFS=$'\\n'; echo "\${COMPREPLY[*]}"`,
    "bash",
  ],
  zsh: [
    "-f",
    "-c",
    'compdef() { : }; compadd() { print -l -- $values }; eval "$SCRIPT"; words=(spawn "$@") CURRENT=$(($# + 1)); _spawn',
    "zsh",
  ],
  fish: ["--no-config", "-c", 'eval $SCRIPT; complete -C "spawn $argv" | string replace -r "\\t.*" ""'],
};

describe("The completion of a shell", () => {
  let world: World;
  const scripts = new Map<Shell, string>();
  before(async () => {
    world = await sharedWorld();
    for (const shell of INSTALLED) {
      const { stdout } = await succeed(world.spawn("completion", shell));
      scripts.set(shell, stdout);
    }
  });

  /** The candidates for the last word. There is neither a server nor an engine, and an error fails the test. */
  async function completed(shell: Shell, ...words: string[]): Promise<string[]> {
    const env = {
      ...world.env,
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      SCRIPT: scripts.get(shell) ?? "",
    };
    const { stdout, stderr } = await run(shell, [...PROGRAMS[shell], ...words], { cwd: world.folder, env });
    expect(stderr).to.equal("");
    return stdout.split("\n").filter((line) => line !== "");
  }

  /** The files with the IDs of the environment, one for each project folder. Other tests of this world have other environments. */
  async function idFiles(): Promise<string[]> {
    const folder = join(world.home, "data", "completion");
    return (await readdir(folder))
      .filter((name) => name.startsWith("dev-"))
      .map((name) => join(folder, name));
  }

  it("is tested in bash", () => {
    expect(INSTALLED).to.include("bash");
  });

  for (const shell of INSTALLED) {
    it(`has commands, flags, options and regions in ${shell}`, async () => {
      expect(await completed(shell, "")).to.include.members(["stage", "config", "environment", "doctor"]);
      expect(await completed(shell, "config", "")).to.have.members(["get", "list", "set", "unset"]);
      expect(await completed(shell, "stage", "up")).to.have.members(["update", "upload"]);
      expect(await completed(shell, "stage", "estimate", "--pr")).to.deep.equal(["--prices"]);
      expect(await completed(shell, "stage", "list", "--format", "j")).to.deep.equal(["json"]);
      expect(await completed(shell, "stage", "list", "--environment", "d")).to.include("dev");
      expect(await completed(shell, "stage", "upload", "--regions", "us-east-1,eu-c")).to.deep.equal([
        "us-east-1,eu-central-1",
      ]);
    });
  }

  it("has the options and regions after = in bash, which splits the word there", async () => {
    expect(await completed("bash", "stage", "list", "--format", "=", "j")).to.deep.equal(["json"]);
    expect(await completed("bash", "stage", "upload", "--regions", "=", "eu-c")).to.deep.equal([
      "eu-central-1",
    ]);
  });

  it("has the IDs that upload, list and delete have seen, and sends no request", async () => {
    await world.writeFile("complete.dat", randomFile(1000));
    const id = await world.upload("complete.dat");
    for (const shell of INSTALLED) {
      expect(await completed(shell, "stage", "info", id.slice(0, -1)), shell).to.deep.equal([id]);
      expect(await completed(shell, "launch", "--stage-id", id.slice(0, -1)), shell).to.deep.equal([id]);
    }
    expect(await completed("bash", "stage", "info", id.slice("stage-".length))).to.deep.equal([id]);
    for (const file of await idFiles()) await rm(file);
    expect(await completed("bash", "stage", "info", id)).to.deep.equal([]);
    for (const flags of [[], ["--json"], ["--limit", "1000"]]) {
      for (const file of await idFiles()) await rm(file);
      await succeed(world.spawn("stage", "list", ...flags));
      expect(await completed("bash", "stage", "info", id), flags.join(" ")).to.deep.equal([id]);
    }
    await succeed(world.spawn("stage", "delete", id, "--yes"));
    expect(await completed("bash", "stage", "info", id)).to.deep.equal([]);
  });

  it("runs nothing of a forged file, and prints no error for a damaged one", async () => {
    await succeed(world.spawn("stage", "list"));
    const trap = join(world.home, "trap");
    const files = await idFiles();
    const [file = ""] = files;
    const { account } = JSON.parse(await readFile(file, "utf8")) as { account: unknown };
    const attack = `$(touch '${trap}')\`touch '${trap}'\`; touch '${trap}'\n`;
    const id = "stage-0123456789ab";
    const entries = [
      [id, attack],
      [attack, "name"],
      [`${id}${attack}`, "name"],
      ["stage-0123456789ac\ttext", "name"],
    ];
    for (const text of [JSON.stringify({ account, entries }), '{"entries":', "\0"]) {
      for (const file of files) await writeFile(file, text);
      for (const shell of INSTALLED)
        expect(await completed(shell, "stage", "info", "stage-012345678"), shell).to.deep.equal(
          text.startsWith('{"account"') ? [id] : [],
        );
    }
    expect(
      await access(trap).then(
        () => "exists",
        () => "absent",
      ),
    ).to.equal("absent");
  });

  it("ends without output or error where it cannot work", async () => {
    const { code, stdout, stderr } = await world.startIn(
      { env: { SPAWN_ENVIRONMENT: "No Name" } },
      "complete",
      "stage",
      "info",
      "",
    ).ended;
    expect({ code, stdout, stderr }).to.deep.equal({ code: 1, stdout: "", stderr: "" });
  });
});
