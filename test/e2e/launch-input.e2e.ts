import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import type { Aws } from "./support/aws.ts";
import { later } from "./support/later.ts";
import type { Ended } from "./support/process.ts";
import { randomFile, sharedWorld, type World } from "./support/world.ts";

const SWEEPS = "spawn-sweeps-dev";
const UNKNOWN = "stage-0123456789ab";

interface Case {
  readonly what: string;
  /** Lines that the parameter file has beside its command and its staged data. */
  readonly file: string;
  readonly args?: readonly string[];
  /** Parts that stderr must contain. `{id}` stands for the staged data. */
  readonly says: readonly string[];
}

const CASES: readonly Case[] = [
  {
    what: "an unknown key, with its place and the nearest one",
    file: "count: 2\nregoins: [us-east-1]\nstage_id: {id}",
    says: ['unknown key "regoins"', "(line 2, column 1)", "Did you mean regions?"],
  },
  {
    what: "several errors, each on its line",
    file: "count: two\nregoins: [us-east-1]\nstage_id: {id}",
    says: ["has 2 errors:\n  count: expected a whole number", "\n  unknown key"],
  },
  {
    what: "an alias in the file",
    file: "count: 2\nregions: &r [us-east-1]\nsubnets: *r",
    says: ["the alias *r is not supported"],
  },
  {
    what: "a region without the data, with the command that adds it",
    file: "count: 2\nregions: [us-east-1, eu-west-1]\nstage_id: {id}",
    says: [
      "{id} is not in eu-west-1",
      "Fix: spawn stage update {id} --regions us-east-1,us-west-2,eu-west-1\n",
    ],
  },
  {
    what: "a deadline after the data's end, with the command that lengthens it",
    file: "count: 2\ndeadline: 10d\nstage_id: {id}",
    says: ["{id} expires at", "before the deadline of 10d", "Fix: spawn stage update {id} --ttl 11\n"],
  },
  {
    what: "a region without a bucket",
    file: "count: 2\nregions: [ap-south-1]",
    says: ["environment dev has no bucket in ap-south-1", "spawn:regions in Pulumi.dev.yaml"],
  },
  {
    what: "staged data that do not exist",
    file: `count: 2\nstage_id: ${UNKNOWN}`,
    says: [`there is no staging entry ${UNKNOWN} in environment dev`, "Fix: spawn stage list\n"],
  },
  {
    what: "data that are given twice",
    file: "count: 2",
    args: ["--stage-id", "{id}", "--stage-id", "{id}"],
    says: ["--stage-id {id} is given twice"],
  },
  {
    what: "neither regions nor data",
    file: "count: 2",
    says: ["the sweep has no region", "--stage-id"],
  },
  {
    what: "an instance type whose price is unknown",
    file: "count: 2\nstage_id: {id}",
    args: ["--instance-type", "x9.large"],
    says: ["no price for instances of type x9.large"],
  },
  {
    what: "what is no instance type",
    file: "count: 2\nstage_id: {id}",
    args: ["--instance-type", "large"],
    says: ['"large" is not an instance type'],
  },
  {
    what: "too small a limit of the cost",
    file: "count: 2\nstage_id: {id}\nmax_cost: 0.001",
    says: ["max_cost: <$0.01 pays for less than a minute"],
  },
  {
    what: "rows that are missing",
    file: "params_file: none.csv\nstage_id: {id}",
    says: ["there is no file", "none.csv"],
  },
  {
    what: "a column that is no variable",
    file: "params_file: columns.csv\nstage_id: {id}",
    says: ['column "LD_PRELOAD": the variable is reserved'],
  },
  {
    what: "what is no action of IAM",
    file: "count: 2\nstage_id: {id}",
    args: ["--iam-policy", "GetObject"],
    says: ['"GetObject" is not an action of IAM'],
  },
  {
    what: "what is no managed policy",
    file: "count: 2\nstage_id: {id}",
    args: ["--iam-managed-policies", "AmazonS3ReadOnlyAccess"],
    says: ["is not the ARN of a managed policy"],
  },
  {
    what: "what is no account",
    file: "count: 2\nstage_id: {id}",
    args: ["--stage-account", "1111-1111-1111"],
    says: ["is not the ID of an AWS account", "Use 111111111111."],
  },
  {
    what: "data of another account that are not shared, with what it has to do",
    file: `count: 2\nstage_id: ${UNKNOWN}`,
    args: ["--stage-account", "111111111111"],
    says: [
      `${UNKNOWN} of account 111111111111 cannot be read`,
      `Account 111111111111 must run: spawn stage update ${UNKNOWN} --allow-accounts`,
    ],
  },
  {
    what: "a bucket that does not exist",
    file: "count: 2\nstage_id: {id}",
    args: ["--stage-bucket", "us-east-1=my-bucket"],
    says: ["--stage-account"],
  },
  {
    what: "an unknown environment",
    file: "count: 2\nstage_id: {id}",
    args: ["--environment", "nowhere"],
    says: ["there is no environment nowhere"],
  },
];

describe("Bad input of spawn launch", () => {
  let world: World;
  let aws: Aws;
  let id: string;
  let untouched: unknown;

  /** All traces that a launch could leave on this machine, in the state and in AWS. */
  const everything = async () => ({
    files: (await readdir(join(world.home, "data/stacks"), { recursive: true })).sort(),
    traces: (await world.traces()).sort(),
    items: (await aws.dynamo("us-east-1").send(new ScanCommand({ TableName: SWEEPS }))).Items,
  });

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await world.writeFile("reads.bin", randomFile(10_000));
    id = await world.upload("reads.bin", "--regions", "us-east-1,us-west-2");
    await world.writeFile("columns.csv", Buffer.from("LD_PRELOAD\n/tmp/x.so\n"));
    await sweepFile("good.yaml", "count: 4\nstage_id: {id}");
    untouched = await everything();
  });
  after(() => world.spawn("stage", "delete", id, "--yes"));

  const real = (text: string): string => text.replaceAll("{id}", id);
  const sweepFile = (name: string, text: string): Promise<string> =>
    world.writeFile(name, Buffer.from(`${real(text)}\nbase_command: echo $SWEEP_INDEX\n`));

  function expectRefused({ code, stdout, stderr }: Ended): void {
    expect(code, stderr).to.equal(2);
    expect(stdout).to.equal("");
    expect(stderr).to.contain("Error: ");
    expect(stderr).to.not.match(/\n\s+at /);
  }

  for (const [at, { what, file, args = [], says }] of CASES.entries()) {
    it(`is refused before anything is created: ${what}`, async () => {
      const name = `bad-${at}.yaml`;
      await sweepFile(name, file);
      const refused = await world.spawn("launch", "--params", name, ...args.map(real), "--yes");
      expectRefused(refused);
      for (const part of says) expect(refused.stderr).to.contain(real(part));
    });
  }

  it("is refused if the data have expired", async () => {
    const env = await later(world, 8);
    const expired = await world.startIn({ env }, "launch", "--params", "good.yaml", "--yes").ended;
    expectRefused(expired);
    expect(expired.stderr).to.contain(`${id} expired at`).and.to.contain("Stage the data of");
  });

  it("is refused without a parameter file or with an invalid one", async () => {
    const neither = await world.spawn("launch", "--yes");
    expectRefused(neither);
    expect(neither.stderr).to.contain("--params");
    const folder = await world.spawn("launch", "--params", ".", "--yes");
    expectRefused(folder);
    expect(folder.stderr).to.contain("is a folder");
  });

  it("is refused in a pipe without --yes, after the plan, with the command that has --yes", async () => {
    const asked = await world.bash("set +e; spawn launch --params good.yaml </dev/null; exit $?");
    expectRefused(asked);
    expect(asked.stderr).to.contain("Indices: 4\n");
    expect(asked.stderr).to.contain("Fix: spawn launch --params good.yaml --yes\n");
  });

  it("shows the plan in a dry run, also from standard input", async () => {
    for (const command of [
      "spawn launch --params good.yaml --dry-run",
      "spawn launch --params - --dry-run <good.yaml",
    ]) {
      const { code, stdout, stderr } = await world.bash(command);
      expect({ code, stdout }).to.deep.equal({ code: 0, stdout: "" });
      expect(stderr).to.contain(`Data: ${id}, reads.bin`).and.to.contain("Nothing was started: --dry-run.");
    }
  });

  it("prints the plan as JSON", async () => {
    const { code, stdout, stderr } = await world.spawn(
      "launch",
      "--params",
      "good.yaml",
      "--dry-run",
      "--json",
    );
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
    const { status, result } = JSON.parse(stdout) as {
      status: number;
      result: { sweep_id: null; started: boolean; plan: { count: number; regions: { region: string }[] } };
    };
    expect(status).to.equal(0);
    expect(result).to.include({ sweep_id: null, started: false });
    expect(result.plan.regions.map(({ region }) => region)).to.deep.equal(["us-east-1", "us-west-2"]);
  });

  it("warns if a command is the same for all indices, as an unquoted heredoc makes it", async () => {
    const script = `cat >heredoc.yaml <<EOF
count: 4
stage_id: ${id.slice(0, 12)}
base_command: |
  #!/bin/bash
  echo \${SWEEP_INDEX:-}
EOF
spawn launch --params heredoc.yaml --dry-run`;
    const { code, stderr } = await world.bash(script);
    expect(code).to.equal(0);
    expect(stderr).to.contain("all 4 indices run the same command").and.to.contain("<<'EOF'");
  });

  it("leaves nothing behind", async () => {
    expect(await everything()).to.deep.equal(untouched);
  });
});
