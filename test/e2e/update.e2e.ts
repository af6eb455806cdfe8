import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { GetAccessPointCommand } from "@aws-sdk/client-s3-control";
import { expect } from "chai";
import { makeS3ControlClient } from "../../cli/clients/s3-control.ts";
import type { Fault, ProxiedRequest, TestProxy } from "../support/proxy.ts";
import { type Aws, sha256 } from "./support/aws.ts";
import { eventually } from "./support/interrupting.ts";
import { type Ended, type Running, succeed } from "./support/process.ts";
import { bucketOf, proxiedWorld, RECORDS, randomFile, USAGE, type World } from "./support/world.ts";

const FILE = "weights.bin";
const PRIMARY = "us-east-1";
const NO_WAIT = { connectionTimeout: 5_000, socketTimeout: 5_000 };

/** The environment has no `spawn:readers`. */
const byPointOnly = (account: string): string =>
  `Through access points only: ${account} (not in spawn:readers of the environment's settings when the data were shared)\n`;

describe("stage update", () => {
  const bytes = randomFile(300_000);
  let world: World;
  let aws: Aws;
  let proxy: TestProxy;
  let id: string;

  before(async () => {
    ({ world, aws, proxy } = await proxiedWorld());
    await world.writeFile(FILE, bytes);
    id = await world.upload(FILE, "--regions", "us-east-1,us-west-2");
    // A staged entry no longer needs its source.
    await rm(join(world.folder, FILE));
  });
  after(() => proxy.stop());

  const update = (...args: string[]): Promise<Ended> => {
    proxy.reset();
    const env = aws.variables(proxy.endpoint);
    return world.startIn({ env }, "stage", "update", id, ...args).ended;
  };
  const info = async (): Promise<Record<string, unknown>> => {
    const { stdout } = await succeed(world.spawn("stage", "info", id, "--format", "json"));
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const key = () => `${id}/${FILE}`;
  const versions = (region: string) => aws.versions(region, bucketOf(region), `${id}/`);
  const traceFile = () => join(world.home, "data/stacks", `Pulumi.dev.${id}.yaml`);

  const errorOf = (reading: Promise<unknown>): Promise<string> =>
    reading.then(
      () => "it was read",
      (error: Error) => error.name,
    );

  /** Requests that carry the bytes of objects, or copy them within S3. */
  const movesData = ({ method, path, query }: ProxiedRequest): boolean =>
    path.startsWith("/spawn-staging-") &&
    path.includes(id) &&
    !query.has("tagging") &&
    ["GET", "PUT", "POST", "DELETE"].includes(method);

  const setsTtl = ({ method, path, query }: ProxiedRequest): boolean =>
    method === "PUT" && path === `/${bucketOf("eu-west-1")}/${key()}` && query.has("tagging");
  const deletes = ({ method, path, query }: ProxiedRequest): boolean =>
    method === "POST" && path === `/${bucketOf("us-west-2")}/` && query.has("delete");

  /** Starts an update, and waits until a matching request hangs. */
  async function hangingUpdate(
    entry: string,
    isHeld: (request: ProxiedRequest) => boolean,
    hold: Fault,
    ...args: string[]
  ): Promise<Running> {
    proxy.reset();
    const hangs = new Promise<void>((resolve) => {
      proxy.fault = (request) => {
        if (!isHeld(request)) return undefined;
        resolve();
        return hold;
      };
    });
    const env = aws.variables(proxy.endpoint);
    const running = world.startIn({ env }, "stage", "update", entry, ...args);
    await hangs;
    return running;
  }

  it("extends the TTL in every region without moving data", async () => {
    const before = await Promise.all([versions(PRIMARY), versions("us-west-2")]);
    const { stdout } = await succeed(update("--ttl", "14"));
    expect(stdout).to.equal("TTL extended to 14 days\n");
    expect(proxy.requests.filter(movesData).map(({ method, path }) => `${method} ${path}`)).to.deep.equal([]);
    expect(proxy.requests.some(({ method, query }) => method === "PUT" && query.has("tagging"))).to.equal(
      true,
    );
    expect(await Promise.all([versions(PRIMARY), versions("us-west-2")])).to.deep.equal(before);
    for (const region of [PRIMARY, "us-west-2"]) {
      for (const object of [key(), `${id}/.spawn-manifest.jsonl`]) {
        const tags = await aws.tags(region, bucketOf(region), object);
        expect(tags, `${object} in ${region}`).to.include({ StagingID: id, "spawn:ttl-days": "14" });
      }
    }
    const now = await info();
    const days = (Date.parse(String(now["expires_at"])) - Date.parse(String(now["uploaded_at"]))) / 864e5;
    expect({ days, ttl: now["ttl_days"] }).to.deep.equal({ days: 14, ttl: 14 });
    expect(await aws.item(USAGE, id)).to.include({ ttl_days: 14 });
  });

  it("starts no engine if nothing changes", async () => {
    const env = { PATH: join(world.home, "empty"), SPAWN_CACHE: join(world.home, "empty") };
    const ended = world.startIn({ env: { ...env } }, "stage", "update", id, "--ttl", "14").ended;
    expect(await ended).to.deep.equal({ code: 0, stdout: "Nothing to change.\n", stderr: "" });
  });

  it("adds a region by a copy within S3, from another machine and without the source", async () => {
    await rm(traceFile());
    const { stdout, stderr } = await succeed(update("--regions", "us-east-1,us-west-2,eu-west-1"));
    expect(stdout).to.equal("Regions added: eu-west-1\n");
    expect(stderr).to.contain("Adding eu-west-1: replication <$0.01, storage ");
    const moving = proxy.requests.filter(movesData).filter(({ method }) => method !== "GET");
    expect(moving.map(({ path }) => path).sort()).to.deep.equal([
      `/${bucketOf("eu-west-1")}/${id}/.spawn-manifest.jsonl`,
      `/${bucketOf("eu-west-1")}/${key()}`,
    ]);
    expect(await aws.sha256("eu-west-1", bucketOf("eu-west-1"), key())).to.equal(sha256(bytes));
    expect(await aws.tags("eu-west-1", bucketOf("eu-west-1"), key())).to.deep.equal({
      StagingID: id,
      "spawn:ttl-days": "14",
    });
    expect((await info())["regions"]).to.deep.equal(["us-east-1", "us-west-2", "eu-west-1"]);
    const usage = await aws.item(USAGE, id);
    expect(usage?.["regions"]).to.deep.equal(["us-east-1", "us-west-2", "eu-west-1"]);
    expect(existsSync(traceFile())).to.equal(true);
  });

  it("refuses a region in which the environment has no bucket", async () => {
    const { code, stderr } = await world.spawn("stage", "update", id, "--regions", "us-east-1,ap-south-1");
    expect(code).to.equal(2);
    expect(stderr).to.contain("environment dev has no bucket in ap-south-1");
  });

  it("prompts before it deletes a replica, and keeps the primary region", async () => {
    const refused = await world.spawn(
      "stage",
      "update",
      id,
      "--regions",
      "us-east-1,eu-west-1",
      "--dest",
      "/a b",
    );
    expect({ code: refused.code, stdout: refused.stdout }).to.deep.equal({ code: 2, stdout: "" });
    expect(refused.stderr).to.contain(`This will delete the data of ${id} in us-west-2.`);
    expect(refused.stderr).to.contain(
      `Fix: spawn stage update ${id} --regions us-east-1,eu-west-1 --dest '/a b' --yes\n`,
    );
    const moved = await world.spawn("stage", "update", id, "--regions", "eu-west-1,us-west-2", "--yes");
    expect(moved.code).to.equal(2);
    expect(moved.stderr).to.contain(`us-east-1 is the primary region of ${id} and must come first`);
    expect(moved.stderr).to.contain("Fix: --regions us-east-1,eu-west-1,us-west-2\n");
    expect(await versions("us-west-2")).to.have.length(2);
  });

  it("removes a replica after the record stopped naming it, and can add it again", async () => {
    const { stdout } = await succeed(update("--regions", "us-east-1,eu-west-1", "--yes"));
    expect(stdout).to.equal("Regions removed: us-west-2\n");
    const order = proxy.requests.filter((request) => deletes(request) || request.path === "/");
    expect(order.length).to.be.greaterThan(1);
    expect(order.at(-1)?.path, "what came last").to.not.equal("/");
    expect(await versions("us-west-2")).to.deep.equal([]);
    expect(await aws.sha256("eu-west-1", bucketOf("eu-west-1"), key())).to.equal(sha256(bytes));
    expect((await info())["locations"]).to.have.all.keys("us-east-1", "eu-west-1");

    await succeed(update("--regions", "us-east-1,eu-west-1,us-west-2"));
    expect(await aws.sha256("us-west-2", bucketOf("us-west-2"), key())).to.equal(sha256(bytes));
    expect((await info())["regions"]).to.deep.equal(["us-east-1", "eu-west-1", "us-west-2"]);
  });

  it("shares the entry and stops sharing it", async () => {
    const shared = await succeed(update("--allow-accounts", "123456789012", "--sweep-id", "sweep-42"));
    expect(shared.stdout).to.equal(
      `Sweep ID changed to sweep-42\nShared with: 123456789012 (stage info prints their command)\n${byPointOnly("123456789012")}`,
    );
    expect(proxy.requests.filter(movesData)).to.deep.equal([]);
    const { allow_accounts, access_points, sweep_id } = await info();
    expect({ allow_accounts, sweep_id }).to.deep.equal({
      allow_accounts: ["123456789012"],
      sweep_id: "sweep-42",
    });
    const points = access_points as Record<string, { arn: string; alias: string }>;
    expect(points).to.have.all.keys("us-east-1", "us-west-2", "eu-west-1");
    for (const [region, { arn, alias }] of Object.entries(points)) {
      expect(arn).to.equal(`arn:aws:s3:${region}:000000000000:accesspoint/spawn-${id}`);
      expect(await aws.sha256(region, alias, key()), region).to.equal(sha256(bytes));
    }
    const { stdout } = await succeed(world.spawn("stage", "info", id));
    expect(stdout).to.contain(`Shared with: 123456789012\n  us-east-1: ${points["us-east-1"]?.arn}\n`);

    expect((await succeed(update("--no-allow-accounts", "--no-sweep"))).stdout).to.equal(
      "Removed from sweep sweep-42\nNo longer shared\n",
    );
    const after = await info();
    expect(after).to.deep.include({ allow_accounts: [], access_points: {}, sweep_id: null });
    const alias = points["us-west-2"]?.alias ?? "";
    expect(await errorOf(aws.read("us-west-2", alias, key()))).to.equal("NoSuchBucket");
    expect(await aws.item(RECORDS, id)).to.not.have.any.keys("allow_accounts", "access_points", "sweep_id");
  });

  it("completes a failed update when it is repeated", async () => {
    const env = aws.variables(proxy.endpoint);
    proxy.reset();
    // Every write of the record fails, after the tags were set.
    proxy.fault = ({ method, path }) =>
      method === "PUT" && path === `/${bucketOf("eu-west-1")}/${key()}`
        ? { answer: { status: 403 } }
        : undefined;
    const failed = await world.startIn({ env }, "stage", "update", id, "--ttl", "3").ended;
    expect(failed.code).to.equal(1);
    expect(failed.stdout).to.equal("");
    expect(failed.stderr).to.contain("Repeat the command to resume the update");
    expect((await info())["ttl_days"]).to.equal(14);
    const again = await succeed(update("--ttl", "3"));
    expect(again.stdout).to.equal("TTL shortened to 3 days\n");
    expect((await info())["ttl_days"]).to.equal(3);
  });

  it("is refused while another update of the entry runs", async () => {
    let release = (): void => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = await hangingUpdate(id, setsTtl, { until }, "--ttl", "20");
    const second = await world.spawn("stage", "update", id, "--dest", "/opt/other");
    release();
    expect({ code: second.code, stdout: second.stdout }).to.deep.equal({ code: 1, stdout: "" });
    expect(second.stderr).to.contain(`the stack dev.${id} is locked`);
    expect(second.stderr).to.contain("Wait for it to end, then run the command again.");
    expect((await succeed(first.ended)).stdout).to.equal("TTL extended to 20 days\n");
    expect(await info()).to.deep.include({ ttl_days: 20, destination: `/mnt/data/${FILE}` });
  });

  it("completes a killed update when it is repeated", async () => {
    const change = ["--ttl", "21", "--allow-accounts", "210987654321"];
    const killed = await hangingUpdate(id, setsTtl, { delayMs: 600_000 }, ...change);
    killed.kill("SIGKILL");
    await killed.ended;
    expect(await info()).to.deep.include({ ttl_days: 20, allow_accounts: [] });
    const { stdout } = await succeed(update(...change));
    expect(stdout).to.equal(
      `TTL extended to 21 days\nShared with: 210987654321 (stage info prints their command)\n${byPointOnly("210987654321")}`,
    );
    expect(await info()).to.deep.include({ ttl_days: 21, allow_accounts: ["210987654321"] });
  });

  it("completes an update that was killed after it wrote the record", async () => {
    const change = ["--regions", "us-east-1,eu-west-1", "--yes"];
    const killed = await hangingUpdate(id, deletes, { delayMs: 600_000 }, ...change);
    killed.kill("SIGKILL");
    await killed.ended;
    expect((await info())["regions"]).to.deep.equal(["us-east-1", "eu-west-1"]);
    expect(await versions("us-west-2")).to.not.deep.equal([]);
    expect((await succeed(update(...change))).stdout).to.equal("Completed an earlier update.\n");
    expect(await versions("us-west-2")).to.deep.equal([]);
    expect((await succeed(update(...change))).stdout).to.equal("Nothing to change.\n");
  });

  it("reverts an update that was killed before it wrote the record", async () => {
    const copies = ({ method, path }: ProxiedRequest): boolean =>
      method === "PUT" && path.startsWith(`/${bucketOf("us-west-2")}/${id}/`) && path.endsWith(".jsonl");
    const added = ["--regions", "us-east-1,eu-west-1,us-west-2"];
    const killed = await hangingUpdate(id, copies, { delayMs: 600_000 }, ...added);
    await eventually("the data's copy", async () => (await versions("us-west-2")).length > 0);
    killed.kill("SIGKILL");
    await killed.ended;
    expect((await info())["regions"]).to.deep.equal(["us-east-1", "eu-west-1"]);
    const back = ["--regions", "us-east-1,eu-west-1", "--yes"];
    expect((await succeed(update(...back))).stdout).to.equal("Completed an earlier update.\n");
    expect(await versions("us-west-2")).to.deep.equal([]);
    expect((await succeed(update(...back))).stdout).to.equal("Nothing to change.\n");
  });

  it("prints the changes as JSON", async () => {
    const { stdout } = await succeed(world.spawn("stage", "update", id, "--dest", "/opt/w", "--json"));
    const { result } = JSON.parse(stdout) as { result: { entry: object } };
    expect(result).to.deep.include({ staging_id: id, changed: ["destination"] });
    expect(result.entry).to.deep.include({ destination: "/opt/w", ttl_days: 21 });
  });

  it("leaves a stack in which plain Pulumi finds no change", async () => {
    const folder = join(world.home, "data/stacks");
    await succeed(world.pulumi(`cd '${folder}'\npulumi preview -s dev.${id} --expect-no-changes`));
  });

  it("leaves nothing shared after the entry's deletion", async () => {
    const points = (await info())["access_points"] as Record<string, { alias: string }>;
    await succeed(world.spawn("stage", "delete", id, "--yes"));
    for (const [region, { alias }] of Object.entries(points)) {
      expect(await errorOf(aws.read(region, alias, key())), region).to.equal("NoSuchBucket");
      expect(await versions(region), region).to.deep.equal([]);
    }
  });

  it("shares again by the same upload if AWS did not know an account", async () => {
    await world.writeFile("shared.bin", bytes);
    const env = aws.variables(proxy.endpoint);
    const upload = (account: string) =>
      world.startIn({ env }, "stage", "upload", "shared.bin", "--allow-accounts", account).ended;
    proxy.reset();
    proxy.fault = ({ method, path }) =>
      method === "PUT" && /\/accesspoint\/[^/]+\/policy$/.test(path)
        ? { answer: { status: 400 } }
        : undefined;
    const failed = await upload("111111111112");
    expect({ code: failed.code, stdout: failed.stdout }).to.deep.equal({ code: 1, stdout: "" });
    const [started] = /stage-[0-9a-f]{12}/.exec(failed.stderr) ?? [""];
    expect(await aws.item(RECORDS, started)).to.equal(undefined);

    proxy.reset();
    const again = await succeed(upload("123456789012"));
    expect(again.stdout).to.equal(`${started}\n`);
    expect(again.stderr).to.contain(`Resuming ${started}, which was interrupted`);
    expect(await aws.item(RECORDS, started)).to.deep.include({ allow_accounts: ["123456789012"] });
    const file = join(world.home, "data/stacks", `Pulumi.dev.${started}.yaml`);
    expect(await readFile(file, "utf8"))
      .to.contain("123456789012")
      .and.not.contain("111111111112");
    await succeed(world.spawn("stage", "delete", started, "--yes"));
  });

  it("leaves no access point after a kill", async () => {
    await world.writeFile("cut.bin", bytes);
    const cut = await world.upload("cut.bin", "--regions", PRIMARY);
    const isShared = async (): Promise<boolean> => {
      const client = makeS3ControlClient({
        ...{ region: PRIMARY, endpoint: proxy.endpoint, maxAttempts: 1, requestHandler: NO_WAIT },
        credentials: aws.keys,
      });
      const point = { AccountId: "000000000000", Name: `spawn-${cut}` };
      return client.send(new GetAccessPointCommand(point)).then(
        () => true,
        (error: Error) => {
          if (error.name !== "NoSuchAccessPoint") throw error;
          return false;
        },
      );
    };
    const setsPolicy = ({ method, path }: ProxiedRequest): boolean =>
      method === "PUT" && /\/accesspoint\/[^/]+\/policy$/.test(path);
    const share = ["--allow-accounts", "123456789012"];
    for (const next of [
      ["update", cut, ...share],
      ["delete", cut, "--yes"],
    ]) {
      const killed = await hangingUpdate(cut, setsPolicy, { delayMs: 600_000 }, ...share);
      killed.kill("SIGKILL");
      await killed.ended;
      expect(await isShared()).to.equal(true);
      await succeed(world.spawn("stage", ...next));
      expect(await isShared()).to.equal(next[0] === "update");
      if (next[0] === "update") {
        expect(await aws.item(RECORDS, cut)).to.deep.include({ allow_accounts: ["123456789012"] });
        await succeed(world.spawn("stage", "update", cut, "--no-allow-accounts"));
      }
    }
  });

  it("refuses an empty change, an unknown entry and an invalid account", async () => {
    for (const [args, message] of [
      [[id], "no change given"],
      [[id, "--ttl", "91"], 'TTL "91" is not a whole number of days'],
      [[id, "--allow-accounts", "42"], '"42" is not the ID of an AWS account'],
      [["stage-0123456789ab", "--ttl", "9"], "there is no staging entry stage-0123456789ab"],
    ] as const) {
      const { code, stdout, stderr } = await world.spawn("stage", "update", ...args);
      expect({ code, stdout }, message).to.deep.equal({ code: 2, stdout: "" });
      expect(stderr).to.contain(message);
    }
  });
});
