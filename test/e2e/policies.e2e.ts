import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parseAccountId } from "../../staging/accounts.ts";
import { parseEnvironmentSettings } from "../../staging/environment-values.ts";
import type { Statement } from "../../staging/policies/document.ts";
import {
  environmentPolicy,
  POLICY_NAMES,
  type PolicyName,
  PRINTED_POLICIES,
} from "../../staging/policies/policies.ts";
import { parseLaunchedSweepId } from "../../staging/sweep/id.ts";
import { logKey } from "../../staging/sweep/names.ts";
import { errorOf } from "../local/sweep-cloud.ts";
import { ensureVenv } from "../support/venv.ts";
import type { Aws } from "./support/aws.ts";
import { type Ended, run, succeed } from "./support/process.ts";
import { type Role, Roles } from "./support/roles.ts";
import { bucketOf, randomFile, USAGE, World } from "./support/world.ts";

const PRIMARY = "us-east-1";
const REPLICA = "us-west-2";
const BOUNDARY = "spawn-workers-dev";
const BOUNDARY_ARN = `arn:aws:iam::000000000000:policy/${BOUNDARY}`;
const SETTINGS = parseEnvironmentSettings("dev", {
  ...{ cloud: "local", regions: [PRIMARY, REPLICA], workersBoundary: BOUNDARY_ARN },
});
/** Statements without which `environment up` fails. Commands on one stack run one after another. */
const TO_MAKE = ["ManageBuckets", "ManageTables", "ManageReplicationRole", "PassReplicationRole"];
/** Concurrent roles. */
const AT_A_TIME = 3;

type UserPolicyName = (typeof POLICY_NAMES)[number];

const statementsOf = (name: PolicyName): readonly Statement[] =>
  environmentPolicy(name, SETTINGS, parseAccountId("000000000000")).Statement;

/** The text of an error about a missing permission. */
type Breaks = (role: Role) => Promise<Ended>;

describe("The policies of an environment, with IAM enforced", () => {
  let world: World;
  let aws: Aws;
  let roles: Roles;
  let operator: Role;
  let stager: Role;
  let entry: string;
  let sweep: string;
  /** A folder with the AWS CLI. */
  let tools: string;

  /** The policy without one statement. */
  const without = (name: UserPolicyName, sid: string): Promise<Role> =>
    roles.make(
      `${name}-without-${sid}`,
      statementsOf(name).filter(({ Sid }) => Sid !== sid),
    );
  let launches = 0;
  /** Each use has its own sweep, because a launch that did not complete blocks the next one. */
  const launch: Breaks = async ({ spawn }) => {
    const name = `rights-${++launches}`;
    const text = `sweep_name: ${name}\ncount: 1\nregions:\n  - ${PRIMARY}: 1\nstage_id: ${entry}\nbase_command: |\n  sleep 1\n`;
    const parameters = await world.writeFile(`${name}.yaml`, Buffer.from(text));
    return await spawn("launch", "--params", parameters, "--yes");
  };
  const up: Breaks = ({ spawn }) => spawn("environment", "up", "--yes");
  const upload =
    (name: string, ...flags: string[]): Breaks =>
    ({ spawn }) =>
      spawn("stage", "upload", `./${name}`, "--regions", `${PRIMARY},${REPLICA}`, ...flags);
  /** A request of a job, for which spawn has no command. */
  const request =
    (send: (role: Role) => Promise<unknown>): Breaks =>
    (role) =>
      send(role).then(
        () => ({ code: 0, stdout: "", stderr: "" }),
        (error: Error) => ({ code: 1, stdout: "", stderr: `${error.name}: access was denied` }),
      );
  const countAsJob = request(({ clients }) =>
    clients.dynamodb.send(
      new UpdateItemCommand({
        TableName: USAGE,
        Key: { staging_id: { S: entry } },
        UpdateExpression: "ADD instance_count :one",
        ConditionExpression: "attribute_exists(staging_id)",
        ExpressionAttributeValues: { ":one": { N: "1" } },
      }),
    ),
  );
  /** A shared entry, and a sweep with a log, created by a stager. */
  async function stageAndLaunch(): Promise<void> {
    entry = (await succeed(upload("data.dat", "--allow-accounts", "111111111111")(stager))).stdout.trim();
    sweep = (await succeed(launch(stager))).stdout.trim();
    const Key = logKey(parseLaunchedSweepId(sweep), 0, 1);
    await aws.s3(PRIMARY).send(new PutObjectCommand({ Bucket: bucketOf(PRIMARY), Key, Body: "a line\n" }));
  }
  const listAsJob = request(({ clients }) =>
    clients.s3.send(new ListObjectsV2Command({ Bucket: bucketOf(PRIMARY), Prefix: `${entry}/` })),
  );

  const runScript: Breaks = async ({ env }) => {
    const script = join(world.folder, "stage.sh");
    await writeFile(script, (await succeed(world.spawn("stage", "script", entry))).stdout);
    const place = await mkdtemp(join(world.folder, "job "));
    return await run("/bin/sh", [script, join(place, "data.dat")], {
      env: { ...world.env, ...env, PATH: `${tools}:${world.env["PATH"]}`, SPAWN_REGION: PRIMARY },
    });
  };
  /** A download that cannot be counted still succeeds, with a warning. */
  const downloadCounted: Breaks = async ({ spawn }) => {
    const ended = await spawn("stage", "download", entry, "./counted.dat");
    return { ...ended, code: ended.stderr.includes("could not be counted") ? 1 : ended.code };
  };

  /** The command that fails without the statement. A statement of two policies appears in the first only. */
  const NEEDED: Readonly<
    Record<UserPolicyName, Readonly<Record<string, readonly [what: string, breaks: Breaks]>>>
  > = {
    stager: {
      LookAtBuckets: ["stage upload", upload("other.dat")],
      WriteEntries: ["stage upload", upload("other.dat")],
      ReadLogs: ["sweep logs", ({ spawn }) => spawn("sweep", "logs", sweep, "--index", "0")],
      WriteTables: ["stage list", ({ spawn }) => spawn("stage", "list")],
      ShareEntries: [
        "stage upload --allow-accounts",
        upload("other.dat", "--allow-accounts", "111111111111"),
      ],
      LookAround: ["launch", launch],
      FindImages: ["launch", launch],
      MakeTemplates: ["launch", launch],
      UseNetworks: ["launch", launch],
      TagNew: ["launch", launch],
      ChangeTemplates: ["launch", launch],
      RunWorkers: ["launch", launch],
      ManageGroups: ["launch", launch],
      MakeRoles: ["launch", launch],
      PassRoles: ["launch", launch],
      KeepRoles: ["launch", launch],
      MakeServiceRole: ["launch", launch],
    },
    operator: {
      ManageBuckets: ["environment up", up],
      ManageTables: ["environment up", up],
      ManageReplicationRole: ["environment up", up],
      PassReplicationRole: ["environment up", up],
      RemoveLogs: ["environment destroy", ({ spawn }) => spawn("environment", "destroy", "--yes")],
      // Without the boundary that the stager's role has.
      MakeRoles: ["launch", launch],
    },
    reader: {
      LookAtBuckets: ["sweep logs", ({ spawn }) => spawn("sweep", "logs", sweep, "--index", "0")],
      ReadEntries: ["stage download", ({ spawn }) => spawn("stage", "download", entry, "./denied.dat")],
      ReadTables: ["stage list", ({ spawn }) => spawn("stage", "list")],
      CountDownloads: ["the count of stage download", downloadCounted],
    },
    worker: {
      ReadEntries: ["the script of stage script", runScript],
      ListEntries: ["aws s3 ls", listAsJob],
    },
  };

  const done = new Map<string, Promise<Ended>>();
  /** Runs a few of them at a time, each in its own role. */
  async function runAll(name: UserPolicyName, sids: readonly string[], atATime: number): Promise<void> {
    const left = [...sids];
    const work = async (): Promise<void> => {
      for (let sid = left.shift(); sid !== undefined; sid = left.shift()) {
        const [, breaks] = NEEDED[name][sid] ?? [];
        if (breaks === undefined) throw new Error(`${name} has no statement ${sid}`);
        const running = without(name, sid).then(breaks);
        done.set(`${name} ${sid}`, running);
        await running;
      }
    };
    await Promise.all(Array.from({ length: atATime }, work));
  }
  const sidsOf = (name: UserPolicyName): string[] => Object.keys(NEEDED[name]);

  before(async () => {
    world = await World.make();
    const text = await world.readProjectFile("Pulumi.dev.yaml");
    const regions = `spawn:regions: [${PRIMARY}, ${REPLICA}]\n  spawn:workersBoundary: ${BOUNDARY_ARN}`;
    await world.writeProjectFile("Pulumi.dev.yaml", text.replace(/spawn:regions: .*/, regions));
    aws = await world.aws();
    roles = new Roles(world, aws);
    const boundary = { Version: "2012-10-17", Statement: statementsOf("boundary") };
    await roles.root.iam.send(
      new CreatePolicyCommand({ PolicyName: BOUNDARY, PolicyDocument: JSON.stringify(boundary) }),
    );
    operator = await roles.make("operator", statementsOf("operator"));
    stager = await roles.make("stager", statementsOf("stager"));
    tools = join(world.home, "tools");
    await mkdir(tools);
    const python = join(await ensureVenv("aws"), "python");
    await writeFile(join(tools, "aws"), `#!/bin/sh\nexec '${python}' -m awscli "$@"\n`, { mode: 0o755 });
    for (const name of ["data.dat", "other.dat"]) await world.writeFile(name, randomFile(20_000));
  });
  after(async () => {
    roles?.close();
    await world?.remove();
  });

  it("are printed by the command", async () => {
    for (const name of PRINTED_POLICIES) {
      const { stdout } = await succeed(world.spawn("environment", "policy", name));
      expect(JSON.parse(stdout)).to.deep.equal({ Version: "2012-10-17", Statement: statementsOf(name) });
    }
  });

  it("have a command that needs each statement", () => {
    const known = new Set<string>();
    for (const name of ["stager", "operator", "reader", "worker"] as const) {
      const own = statementsOf(name).filter((statement) => !known.has(JSON.stringify(statement)));
      expect(own.map(({ Sid }) => Sid).sort(), name).to.deep.equal(sidsOf(name).sort());
      for (const statement of own) known.add(JSON.stringify(statement));
    }
  });

  it("of the operator suffice to create the environment, and fail without any one statement", async () => {
    await runAll("operator", TO_MAKE, 1);
    await succeed(up(operator));
    await succeed(operator.spawn("environment", "status"));
    await succeed(operator.spawn("environment", "preview"));
  });

  it("of the stager suffice for entries and sweeps", async () => {
    await stageAndLaunch();
    await succeed(stager.spawn("stage", "info", entry, "--verify"));
    await succeed(stager.spawn("stage", "update", entry, "--ttl", "14"));
    await succeed(stager.spawn("stage", "repair", entry));
    await succeed(stager.spawn("stage", "cleanup", "--orphans", "--dry-run"));
    await succeed(stager.spawn("sweep", "info", sweep));
    await succeed(stager.spawn("sweep", "cancel", sweep, "--yes"));
    await succeed(stager.spawn("sweep", "retry", sweep));
    await succeed(stager.spawn("sweep", "delete", sweep, "--yes"));
    await succeed(stager.spawn("stage", "delete", entry, "--yes"));
  });

  it("of the operator suffice to destroy the environment, but not without RemoveLogs", async () => {
    await runAll("operator", ["RemoveLogs"], 1);
    await succeed(operator.spawn("environment", "destroy", "--yes"));
    await succeed(up(operator));
  });

  it("of the reader suffice to list and to download", async () => {
    await stageAndLaunch();
    const { spawn } = await roles.make("reader", statementsOf("reader"));
    for (const args of [
      ["stage", "list", "--verify"],
      ["stage", "list", "--incomplete"],
      ["stage", "info", entry, "--verify"],
      ["stage", "estimate", "./data.dat"],
      ["stage", "cost"],
      ["stage", "script", entry],
      ["sweep", "list"],
      ["sweep", "info", sweep],
      ["sweep", "logs", sweep, "--index", "0"],
    ]) {
      await succeed(spawn(...args));
    }
    const { stderr } = await succeed(spawn("stage", "download", entry, "./read.dat"));
    expect(stderr).not.to.contain("could not be counted");
  });

  it("of the worker suffice for the requests of a job", async () => {
    const worker = await roles.make("worker", statementsOf("worker"));
    await succeed(runScript(worker));
    for (const breaks of [listAsJob, countAsJob]) expect((await breaks(worker)).stderr).to.equal("");
  });

  describe("have no statement too many:", () => {
    before(async () => {
      await runAll("operator", ["MakeRoles"], 1);
      for (const name of ["stager", "reader", "worker"] as const) await runAll(name, sidsOf(name), AT_A_TIME);
    });
    for (const name of POLICY_NAMES) {
      for (const [sid, [what]] of Object.entries(NEEDED[name])) {
        it(`without ${sid} of the ${name}, ${what} fails`, async () => {
          const { code, stderr } = (await done.get(`${name} ${sid}`)) ?? { code: -1, stderr: "did not run" };
          expect(code, stderr).to.be.oneOf([1, 4]);
          expect(stderr, stderr).to.match(/denied|not authorized|may not/i);
        });
      }
    }
  });

  it("of the stager cannot exceed its own permissions: a worker's role keeps its boundary", async () => {
    const RoleName = `spawn-${sweep}`;
    const { iam } = stager.clients;
    const everything = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
    });
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
    });
    const refused = [
      iam.send(new CreateRoleCommand({ RoleName: "spawn-sweep-0123456789ab", AssumeRolePolicyDocument })),
      iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName })),
      iam.send(
        new PutRolePolicyCommand({
          ...{ RoleName: "spawn-replication-dev", PolicyName: "all", PolicyDocument: everything },
        }),
      ),
    ];
    for (const request of refused) expect(await errorOf(request)).to.match(/^AccessDenied/);
    // The boundary limits every policy that the stager attaches to a sweep's role.
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "all", PolicyDocument: everything }));
    const worker = await roles.assume(`arn:aws:iam::000000000000:role/${RoleName}`);
    expect(await errorOf(worker.iam.send(new ListRolesCommand({})))).to.match(/^AccessDenied/);
    const remove = new DeleteObjectCommand({ Bucket: bucketOf(PRIMARY), Key: `${entry}/data.dat` });
    expect(await errorOf(worker.s3.send(remove))).to.match(/^AccessDenied/);
    await listAsJob({ ...stager, clients: worker });
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "all" }));
  });
});
