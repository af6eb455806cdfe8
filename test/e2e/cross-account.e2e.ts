import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { SweepReportJson } from "../../cli/services/sweep/report.ts";
import { keysOfAccount } from "../../local/cloud/keys.ts";
import { spawnPaths } from "../../local/paths.ts";
import { RoleCloud } from "../local/role-cloud.ts";
import { MachineControl } from "../support/machine-control.ts";
import { type Aws, sha256 } from "./support/aws.ts";
import { type Ended, succeed } from "./support/process.ts";
import { randomFile, World } from "./support/world.ts";

// Three accounts, as in the guide's "Cross-Account Staging": A owns the data, B may use them, C may not.
const A = "111111111111";
const B = "000000000000";
const C = "222222222222";
const PLACES = ["us-east-1", "us-west-2"] as const;
const REGIONS = PLACES.join(",");
/** A bucket of A, whose environment lets B, and not C, read by the bucket's name. */
const LAB = "lab-staging-us-east-1";
const DESTINATION = "/data/shared genome.fa";

type Points = Readonly<Record<string, { readonly arn: string; readonly alias: string }>>;

describe("Data of another account", () => {
  let world: World;
  let aws: Aws;
  const genome = randomFile(300_000);
  let file: string;
  let tree: string;
  let secret: string;
  let filePoints: Points;
  let treePoints: Points;
  const sweeps: string[] = [];
  const opened: RoleCloud[] = [];

  /** A command in another account. Bucket names are global, so its environment has other names. */
  const spawnAs = (account: string, ...args: string[]): Promise<Ended> => {
    const { accessKeyId, secretAccessKey } = keysOfAccount(aws.keys, account);
    const env = {
      ...{ AWS_ENDPOINT_URL: aws.endpoint, AWS_ACCESS_KEY_ID: accessKeyId },
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
    return world.startIn({ env }, ...args, "--environment", account === A ? "lab" : "third").ended;
  };
  const rootOf = (account: string): RoleCloud => keep(keysOfAccount(aws.keys, account));
  const keep = (keys: ConstructorParameters<typeof RoleCloud>[1]): RoleCloud => {
    const cloud = new RoleCloud(aws.endpoint, keys);
    opened.push(cloud);
    return cloud;
  };
  const stage = async (path: string, ...flags: string[]): Promise<string> =>
    (await succeed(spawnAs(A, "stage", "upload", path, "--regions", REGIONS, ...flags))).stdout.trim();
  const pointsOf = async (id: string): Promise<Points> => {
    const { stdout } = await succeed(spawnAs(A, "stage", "info", id, "--json"));
    return (JSON.parse(stdout) as { result: { access_points: Points } }).result.access_points;
  };
  const placesOf = (points: Points): string[] =>
    PLACES.flatMap((region) => ["--stage-bucket", `${region}=${points[region]?.alias}`]);
  const launch = (...flags: string[]): Promise<Ended> =>
    world.spawn("launch", "--params", "sweep.yaml", "--stage-account", A, "--yes", ...flags);
  const outcome = (request: Promise<unknown>): Promise<string> =>
    request.then(
      () => "",
      (error: Error) => error.name,
    );
  const get = ({ s3 }: RoleCloud, Bucket: string | undefined, Key: string): Promise<string> =>
    outcome(s3.send(new GetObjectCommand({ Bucket, Key })).then(({ Body }) => Body?.transformToByteArray()));

  /** The logs of a sweep whose indices have all succeeded, in both regions. */
  async function succeeded(launched: Ended): Promise<string> {
    const id = launched.stdout.trim();
    sweeps.push(id);
    const info = await succeed(world.spawn("sweep", "info", id, "--format", "json"));
    expect(JSON.parse(info.stdout) as SweepReportJson).to.deep.include({ state: "succeeded", done: 2 });
    return (await succeed(world.spawn("sweep", "logs", id))).stdout;
  }

  before(async () => {
    world = await World.make();
    aws = await world.aws();
    await succeed(world.spawn("environment", "up"));
    for (const [name, account, more] of [
      ["lab", A, `  spawn:readers: ["${B}"]\n`],
      ["third", C, ""],
    ])
      await world.writeProjectFile(
        `Pulumi.${name}.yaml`,
        `config:\n  spawn:cloud: local\n  spawn:account: "${account}"\n  spawn:regions: [${REGIONS}]\n  spawn:namePrefix: ${name}\n${more}`,
      );
    await succeed(spawnAs(A, "environment", "up"));
    await world.writeFile("genome.fa", genome);
    await mkdir(join(world.folder, "panel/deep"), { recursive: true });
    await writeFile(join(world.folder, "panel/first"), "one\n");
    await writeFile(join(world.folder, "panel/deep/second"), "two\n");
    file = await stage("genome.fa", "--dest", DESTINATION, "--allow-accounts", `${B},987654321098`);
    tree = await stage("panel/", "--allow-accounts", B);
    secret = await stage("genome.fa", "--name", "secret.fa", "--allow-accounts", C);
    [filePoints, treePoints] = [await pointsOf(file), await pointsOf(tree)];
    await world.writeFile(
      "sweep.yaml",
      Buffer.from(
        `sweep_name: shared\ncount: 2\nregions: [${REGIONS}]\nbase_command: |\n  #!/bin/sh\n  set -e\n  echo "index $SWEEP_INDEX at $STAGED_PATH"\n  find "$STAGED_PATH" -type f -exec sha256sum {} +\n  test -z "\${STAGED_PATH_1:-}" || sha256sum "$STAGED_PATH_1"\n`,
      ),
    );
  });
  after(async () => {
    for (const cloud of opened) cloud.destroy();
    await world?.remove();
  });

  it("are used by the exact command that the owner's stage info prints", async () => {
    const { stdout } = await succeed(spawnAs(A, "stage", "info", file));
    const [command = ""] = /^ {2}spawn launch (?:.*\\\n)*.*$/m.exec(stdout) ?? [];
    expect(command).to.contain(`--stage-id ${file} --stage-account ${A}`);
    const launched = await succeed(world.bash(`${command} --yes --wait`));
    expect(launched.stderr).to.contain(`of account ${A}, at ${DESTINATION}`).and.not.contain("the default");
    const logs = await succeeded(launched);
    for (const index of [0, 1]) expect(logs).to.contain(`index ${index} at ${DESTINATION}`);
    expect(logs.split(sha256(genome)).length).to.equal(3);
  });

  it("can be several entries, each behind its own access points, one of them a directory", async () => {
    const launched = await succeed(
      launch(
        ...["--stage-id", tree, "--stage-id", file, "--wait"],
        ...[...placesOf(filePoints), ...placesOf(treePoints)],
      ),
    );
    expect(launched.stderr).to.contain(`Workers find ${file} at /mnt/data/genome.fa, the default`);
    expect(launched.stderr).to.contain(`--stage-dest ${file}=PATH`);
    const logs = await succeeded(launched);
    expect(logs).to.contain("index 0 at /mnt/data/panel").and.contain("/mnt/data/panel/deep/second");
    expect(logs)
      .to.contain(sha256(Buffer.from("two\n")))
      .and.contain(sha256(genome));
  });

  it("are the only objects of that account that workers can read", async () => {
    const own = rootOf(B);
    const worker = keep(await own.assume(`arn:aws:iam::${B}:role/spawn-${sweeps[0]}`));
    const [point, other] = [filePoints["us-east-1"]?.alias, treePoints["us-east-1"]?.alias];
    const key = `${file}/genome.fa`;
    expect(await get(worker, point, key)).to.equal("");
    // The sweep's policy has access points only, and no bucket.
    expect(await get(worker, LAB, key), "past the point").to.equal("AccessDenied");
    expect(await get(own, LAB, key)).to.equal("");
    expect(await get(worker, point, `${tree}/panel/first`), "another entry by this point").to.not.equal("");
    expect(await get(worker, other, `${tree}/panel/first`), "shared, but not of the sweep").to.not.equal("");
    const hidden = (await pointsOf(secret))["us-east-1"]?.alias;
    for (const cloud of [worker, own]) {
      expect(await get(cloud, hidden, `${secret}/secret.fa`), "shared with C").to.equal("AccessDenied");
      expect(await get(cloud, point, `${secret}/secret.fa`)).to.equal("AccessDenied");
      expect(await get(cloud, LAB, `${secret}/secret.fa`), "of C, by the bucket's name").to.equal(
        "AccessDenied",
      );
      const Bucket = point;
      const list = new ListObjectsV2Command({ Bucket, Prefix: "" });
      expect(await outcome(cloud.s3.send(list))).to.equal("AccessDenied");
      const put = new PutObjectCommand({ Bucket, Key: key, Body: "forged" });
      expect(await outcome(cloud.s3.send(put))).to.equal("AccessDenied");
      expect(await outcome(cloud.s3.send(new DeleteObjectCommand({ Bucket, Key: key })))).to.equal(
        "AccessDenied",
      );
    }
  });

  it("are refused to other accounts, at the launch and to workers", async () => {
    const { code, stdout, stderr } = await spawnAs(
      C,
      ...["launch", "--params", "sweep.yaml", "--stage-account", A, "--yes"],
      ...["--stage-id", file, ...placesOf(filePoints)],
    );
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
    expect(stderr).to.contain(`${file} of account ${A} cannot be read`).and.contain("access denied");
    expect(stderr).to.contain(`Account ${A} must run: spawn stage update ${file} --allow-accounts ${C}`);
    const root = rootOf(C);
    const everything = { Effect: "Allow", Action: "s3:*", Resource: "*" };
    const worker = keep(await root.assume(await root.role("worker", [everything])));
    for (const cloud of [root, worker])
      for (const place of [filePoints["us-east-1"]?.alias, "lab-staging-us-east-1"])
        expect(await get(cloud, place, `${file}/genome.fa`), place).to.equal("AccessDenied");
    expect(await get(worker, (await pointsOf(secret))["us-east-1"]?.alias, `${secret}/secret.fa`)).to.equal(
      "",
    );
  });

  it("need an explicit location where the standard bucket name belongs to the launching account", async () => {
    const { code, stderr } = await launch("--stage-id", file);
    expect(code).to.equal(2);
    expect(stderr).to.contain("us-east-1: that bucket is yours (spawn-staging-us-east-1)");
    expect(stderr).to.contain("prints your command, with --stage-bucket us-east-1=ALIAS");
  });

  it("are read by bucket name and bucket policy, as in the guide, from every region", async () => {
    const statement = (Action: string, Resource: string) => ({ Effect: "Allow", Action, Resource });
    const guides = [statement("s3:GetObject", `arn:aws:s3:::lab-staging-*/${file}/*`)];
    const own = rootOf(B);
    const instance = keep(await own.assume(await own.role("guide", guides)));
    for (const region of PLACES) {
      const bucket = `lab-staging-${region}`;
      expect(await get(instance, bucket, `${file}/genome.fa`), region).to.equal("");
      expect(await get(instance, bucket, `${tree}/panel/first`), "not in its policy").to.equal(
        "AccessDenied",
      );
      expect(await get(own, bucket, `${tree}/panel/first`), "the root of its account").to.equal("");
      expect(await get(rootOf(C), bucket, `${secret}/secret.fa`), "not in spawn:readers").to.equal(
        "AccessDenied",
      );
    }
    const list = (Prefix?: string) =>
      outcome(own.s3.send(new ListObjectsV2Command({ Bucket: LAB, ...(Prefix ? { Prefix } : {}) })));
    expect(await list(`${tree}/`)).to.equal("");
    expect([await list(), await list("stage-")]).to.deep.equal(["AccessDenied", "AccessDenied"]);
    const { stdout } = await succeed(spawnAs(A, "stage", "info", file));
    expect(stdout).to.contain(`Also by the bucket's name: ${B}\n  aws s3 cp s3://${LAB}/${file}/genome.fa .`);
    expect(stdout).to.contain("Through access points only: 987654321098");
  });

  it("become readable by bucket name, and stop being so, without a copy", async () => {
    const flags = PLACES.flatMap((region) => ["--stage-bucket", `${region}=lab-staging-${region}`]);
    const refused = await launch("--stage-id", secret, ...flags);
    expect(refused.code, refused.stderr).to.equal(2);
    const update = (...args: string[]) => succeed(spawnAs(A, "stage", "update", secret, ...args));
    await update("--allow-accounts", `${B},${C}`);
    const logs = await succeeded(await succeed(launch("--stage-id", secret, ...flags, "--wait")));
    expect(logs).to.contain("index 1 at /mnt/data/secret.fa").and.contain(sha256(genome));
    const { stdout } = await update("--allow-accounts", C);
    expect(stdout).to.contain(`Through access points only: ${C}`);
    for (const region of PLACES)
      expect(await get(rootOf(B), `lab-staging-${region}`, `${secret}/secret.fa`)).to.equal("AccessDenied");
  });

  it("are closed to the workers of a running sweep when the owner stops sharing", async () => {
    const control = new MachineControl(spawnPaths(world.env));
    // Workers get no credentials before.
    await control.slowImds(120);
    const launched = await succeed(launch("--stage-id", file, ...placesOf(filePoints), "--detach"));
    const sweep = launched.stdout.trim();
    sweeps.push(sweep);
    await succeed(spawnAs(A, "stage", "update", file, "--no-allow-accounts"));
    await control.slowImds(0);
    expect((await world.spawn("sweep", "watch", sweep)).code).to.equal(1);
    const { stdout } = await succeed(world.spawn("sweep", "info", sweep));
    expect(stdout).to.contain("download failed: 403 Forbidden").and.contain("2 failed");
    // The alias disappears with its access point.
    const { code, stderr } = await launch("--stage-id", file, ...placesOf(filePoints));
    expect(code).to.equal(2);
    expect(stderr).to.contain(`Account ${A} must run: spawn stage update ${file} --allow-accounts ${B}`);
  });

  it("leave nothing in either account after sweeps and entries are deleted", async () => {
    for (const sweep of sweeps) await succeed(world.spawn("sweep", "delete", sweep, "--yes"));
    for (const id of [file, tree, secret]) await succeed(spawnAs(A, "stage", "delete", id, "--yes"));
    expect((await world.stacks()).sort()).to.deep.equal(["dev", "lab"]);
  });
});
