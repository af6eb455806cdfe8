import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import {
  type CommandTree,
  complete,
  type ReadValues,
} from "../../../../cli/services/completion/completion.ts";
import { optionsOf, sourceOf } from "../../../../cli/services/completion/sources.ts";
import { packageRoot } from "../../../../package-root.ts";

const VALUES: Readonly<Record<Parameters<ReadValues>[0], readonly string[]>> = {
  entries: ["stage-aaaa11112222", "stage-abbb11112222"],
  environments: ["dev", "prod"],
  regions: ["us-east-1", "us-west-2", "eu-west-1"],
  settings: ["environment", "staging.ttl"],
  sweeps: ["sweep-cccc11112222"],
  "unfinished entries": ["stage-dddd11112222"],
};

/** Flags and arguments with free text, numbers, or paths of other machines. */
const FREE = [
  ..."ACCOUNT ACCOUNTS ACTION ARNS BYTES COUNT DAYS GB ID=PATH K N PATTERN PIPELINE RATE SECONDS TIME TYPE".split(
    " ",
  ),
  ...["3,7,10-12", "REGION=BUCKET"],
];
const FREE_NAMES = ["bucket", "data-size-gb", "dest", "entry", "name", "sweep-id", "value"];

describe("The completion of a command line", () => {
  let tree: CommandTree;
  let environments: (string | undefined)[];
  before(async () => {
    const read = (name: string) => readFile(join(packageRoot(), name), "utf8");
    const { commands } = JSON.parse(await read("oclif.manifest.json")) as Pick<CommandTree, "commands">;
    const { oclif } = JSON.parse(await read("package.json")) as { oclif: Pick<CommandTree, "topics"> };
    tree = { commands, topics: oclif.topics };
  });
  beforeEach(() => {
    environments = [];
  });

  async function ask(...words: string[]) {
    return await complete(tree, words, async (source, environment) => {
      environments.push(environment);
      return VALUES[source].map((value) => ({ value }));
    });
  }
  const completed = async (...words: string[]): Promise<string[]> =>
    (await ask(...words)).candidates.map(({ value }) => value);

  it("has all commands, each once, with their summaries", async () => {
    const { candidates } = await ask("");
    expect(new Set(candidates.map(({ value }) => value)).size).to.equal(candidates.length);
    expect(candidates).to.deep.include({
      value: "stage",
      description: "Stage data next to the instances that read it.",
    });
    expect(candidates.map(({ value }) => value)).to.include.members(["doctor", "launch", "sweep", "env"]);
    expect(await completed("stage", "up")).to.have.members(["update", "upload"]);
    expect(await completed("stage", "unknown", "")).to.deep.equal([]);
  });

  it("has the flags that are not given yet, or can be repeated", async () => {
    expect(await completed("stage", "estimate", "--pr")).to.deep.equal(["--prices"]);
    expect(await completed("stage", "estimate", "--prices", "aws", "--pr")).to.deep.equal([]);
    expect(await completed("launch", "--stage-id", "abcd", "--stage-i")).to.deep.equal(["--stage-id"]);
    expect(await completed("stage", "delete", "-y", "--ye")).to.deep.equal([]);
    expect(await completed("dashboard", "--no")).to.deep.equal(["--no-open"]);
    expect(await completed("--v")).to.deep.equal(["--version"]);
  });

  it("has the options of flags and arguments, also after = and as bash splits it", async () => {
    expect(await completed("stage", "list", "--format", "j")).to.deep.equal(["json"]);
    expect(await completed("stage", "list", "--format=j")).to.deep.equal(["--format=json"]);
    expect(await completed("stage", "list", "--format", "=", "j")).to.deep.equal(["json"]);
    expect(await completed("stage", "list", "--format", "=")).to.have.length(4);
    expect(await completed("stage", "upload", "--replication", "")).to.deep.equal(["rule", "copy"]);
    expect(await completed("environment", "policy", "stag")).to.deep.equal(["stager"]);
  });

  it("has IDs, also by their digits alone, and none twice", async () => {
    expect(await completed("stage", "info", "")).to.deep.equal(VALUES.entries);
    expect(await completed("stage", "info", "stage-ab")).to.deep.equal(["stage-abbb11112222"]);
    expect(await completed("stage", "info", "aa")).to.deep.equal(["stage-aaaa11112222"]);
    expect(await completed("stage", "info", "stage-abbb11112222", "")).to.deep.equal([]);
    expect(await completed("stage", "delete", "stage-abbb11112222", "")).to.deep.equal([
      "stage-aaaa11112222",
    ]);
    expect(await completed("launch", "--stage-id", "stage-abbb11112222", "--stage-id", "")).to.deep.equal([
      "stage-aaaa11112222",
    ]);
    expect(await completed("stage", "info", "--", "stage-aa")).to.deep.equal(["stage-aaaa11112222"]);
    expect(await completed("stage", "resume", "")).to.deep.equal(["stage-dddd11112222"]);
    expect(await completed("sweep", "logs", "--follow", "")).to.deep.equal(["sweep-cccc11112222"]);
    expect(await completed("launch", "--resume", "")).to.deep.equal(["sweep-cccc11112222"]);
    expect(await completed("stage", "upload", "data", "--sweep-id", "")).to.deep.equal([]);
  });

  it("reads the IDs of the environment that the words name", async () => {
    await ask("stage", "info", "");
    await ask("stage", "info", "--environment", "prod", "");
    await ask("stage", "info", "--environment=prod", "");
    await ask("stage", "info", "--environment", "=", "prod", "");
    expect(environments).to.deep.equal([undefined, "prod", "prod", "prod"]);
    expect(await completed("stage", "info", "--environment", "p")).to.deep.equal(["prod"]);
  });

  it("has the regions that are not in the list yet", async () => {
    expect(await ask("stage", "upload", "--regions", "us")).to.deep.equal({
      kind: "list",
      candidates: [{ value: "us-east-1" }, { value: "us-west-2" }],
    });
    expect(await completed("stage", "upload", "--regions", "us-east-1,")).to.deep.equal([
      "us-east-1,us-west-2",
      "us-east-1,eu-west-1",
    ]);
    expect(await completed("stage", "upload", "--regions=us-east-1,us")).to.deep.equal([
      "--regions=us-east-1,us-west-2",
    ]);
    expect(await completed("stage", "upload", "--regions", "$(id),us")).to.deep.equal([]);
    expect(await completed("stage", "download", "--region", "eu")).to.deep.equal(["eu-west-1"]);
  });

  it("leaves the names of files to the shell", async () => {
    for (const words of [
      ["stage", "upload", "ref"],
      ["launch", "--params", ""],
      ["stage", "download", "stage-aaaa11112222", ""],
    ])
      expect(await ask(...words)).to.deep.equal({ kind: "files", candidates: [] });
  });

  it("knows every flag and argument with a value", () => {
    const unknown = Object.entries(tree.commands).flatMap(([id, { args, flags }]) =>
      [...Object.values(args), ...Object.values(flags).filter(({ type }) => type === "option")]
        .filter((spec) => optionsOf(spec) === undefined && sourceOf(id, spec) === undefined)
        .filter(({ name, helpValue = "" }) => !FREE.includes(helpValue) && !FREE_NAMES.includes(name))
        .map(({ name }) => `${id} ${name}`),
    );
    expect(unknown).to.deep.equal([]);
  });
});
