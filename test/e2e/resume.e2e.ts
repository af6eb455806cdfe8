import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { TestProxy } from "../support/proxy.ts";
import { type Aws, sha256 } from "./support/aws.ts";
import { arrivedParts, eventually, isPart, pidsOf, whileRunning } from "./support/interrupting.ts";
import { type Ended, type Running, succeed } from "./support/process.ts";
import { leftRunning } from "./support/processes.ts";
import { bucketOf, proxiedWorld, RECORDS, randomFile, type World } from "./support/world.ts";

const MIB = 1024 ** 2;
const REGIONS = ["us-east-1", "us-west-2"] as const;
const PARTS = 8;
const SIZE = PARTS * 16 * MIB - 5;
const ID = /stage-[0-9a-f]{12}/;

describe("An interrupted upload", () => {
  let world: World;
  let aws: Aws;
  let proxy: TestProxy;
  let bytes: Buffer;
  let name: string;
  let files = 0;

  before(async () => {
    ({ world, aws, proxy } = await proxiedWorld());
  });
  after(() => proxy.stop());
  beforeEach(async () => {
    proxy.reset();
    bytes = randomFile(SIZE);
    name = `data ${++files}.bin`;
    await world.writeFile(name, bytes);
  });

  const env = () => aws.variables(proxy.endpoint);
  const start = (...args: string[]): Running => world.startIn({ env: env(), ownGroup: true }, ...args);
  const upload = (...more: string[]): Running =>
    start("stage", "upload", name, "--regions", REGIONS.join(","), "--replication", "copy", ...more);

  /** From part `from` on, all requests hang until the test's timeout. */
  function hold(from: number): void {
    proxy.fault = (request) =>
      isPart(request) && Number(request.query.get("partNumber")) >= from ? { delayMs: 600_000 } : undefined;
  }

  /** Starts an upload and waits until its first parts have arrived and the next ones hang. */
  async function hanging(arrived = 3): Promise<{ running: Running; id: string }> {
    hold(arrived + 1);
    const running = upload();
    const id = await whileRunning(running, async () =>
      arrivedParts(proxy.requests).length >= arrived
        ? ID.exec(proxy.requests.find(isPart)?.path ?? "")?.[0]
        : undefined,
    );
    return { running, id };
  }

  /** Kills an upload that has written its record but received no response. */
  async function killedAfterItsRecord(): Promise<string> {
    proxy.onAnswer = ({ operation }) =>
      operation === "PutItem" ? new Promise(() => undefined) : Promise.resolve();
    const running = upload();
    const id = await whileRunning(running, async () => {
      const found = ID.exec(proxy.requests.find(isPart)?.path ?? "")?.[0];
      return found !== undefined && (await aws.item(RECORDS, found)) !== undefined ? found : undefined;
    });
    running.kill("SIGKILL");
    await running.ended;
    proxy.reset();
    return id;
  }

  /** The interrupted uploads of the test's own file: other files of the run use the same environment. */
  const listed = async (): Promise<Record<string, unknown>[]> => {
    const { stdout } = await succeed(world.spawn("stage", "list", "--incomplete", "--format", "json"));
    return (JSON.parse(stdout) as Record<string, unknown>[]).filter(({ filename }) => filename === name);
  };

  /** It succeeded under its ID, sent only the missing parts, and left no trace of the interruption. */
  async function expectResumed(ended: Ended, id: string, missing: readonly number[]): Promise<void> {
    expect(ended.code, ended.stderr).to.equal(0);
    expect(ended.stdout).to.equal(`${id}\n`);
    expect(ended.stderr).to.contain(`Resuming ${id}`).and.not.contain("pending");
    expect(arrivedParts(proxy.requests)).to.deep.equal(missing);
    const lengths = missing.map((part) => Math.min(16 * MIB, SIZE - (part - 1) * 16 * MIB));
    expect(proxy.bytesOf(isPart)).to.equal(lengths.reduce((total, length) => total + length, 0));
    await expectWhole(id);
  }

  async function expectWhole(id: string): Promise<void> {
    for (const region of REGIONS) {
      expect(await aws.sha256(region, bucketOf(region), `${id}/${name}`), region).to.equal(sha256(bytes));
      expect(await aws.openUploads(region, bucketOf(region), `${id}/`), region).to.deep.equal([]);
    }
    expect(await aws.item(RECORDS, id)).to.not.equal(undefined);
    expect((await listed()).map((entry) => entry["staging_id"])).to.not.include(id);
    const state = await succeed(
      world.pulumi(`cd "${join(world.home, "data/stacks")}" && pulumi stack export -s dev.${id}`),
    );
    expect((JSON.parse(state.stdout) as { deployment: object }).deployment).to.not.have.property(
      "pending_operations",
    );
    expect(await leftRunning(world.home)).to.deep.equal([]);
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  }

  const FROM_4 = [4, 5, 6, 7, 8];

  it("exits with 130 after Ctrl-C, prints the command that resumes it, and resumes by its ID", async () => {
    const { running, id } = await hanging();
    running.killGroup("SIGINT");
    const ended = await running.ended;
    expect(ended.code, ended.stderr).to.equal(130);
    expect(ended.stderr).to.match(/^Error: interrupted$/m);
    expect(ended.stderr).to.contain(`To resume it: spawn stage resume ${id}.`);

    const [entry] = await listed();
    expect(entry).to.deep.include({
      staging_id: id,
      filename: name,
      source: join(world.folder, name),
      size_bytes: SIZE,
      file_count: 1,
      regions: [...REGIONS],
      arrived_bytes: { "us-east-1": 3 * 16 * MIB, "us-west-2": 0 },
      arrived_files: { "us-east-1": 0, "us-west-2": 0 },
      state: "interrupted",
    });
    const table = await succeed(world.spawn("stage", "list", "--incomplete"));
    expect(table.stdout).to.match(
      new RegExp(`^${id}  128MB +us-east-1 37%, us-west-2 0%  .*interrupted`, "m"),
    );
    expect(
      (await succeed(world.spawn("stage", "list", "--incomplete", "--format", "yaml"))).stdout,
    ).to.contain(id);

    proxy.reset();
    await expectResumed(await start("stage", "resume", id).ended, id, FROM_4);
  });

  it("resumes by the same upload command, and by no other", async () => {
    const { running, id } = await hanging();
    running.killGroup("SIGINT");
    await running.ended;
    proxy.reset();
    const other = await succeed(start("stage", "upload", name, "--regions", "us-east-1", "--ttl", "3").ended);
    expect(other.stdout.trim()).to.match(ID).and.not.equal(id);
    await succeed(world.spawn("stage", "delete", other.stdout.trim(), "--yes"));
    proxy.reset();
    await expectResumed(await upload().ended, id, FROM_4);
  });

  const kills: [string, (running: Running) => Promise<number[]>][] = [
    ["the command line", async (running) => [running.pid]],
    ["the engine", () => pidsOf(world, "pulumi up --json")],
    ["the plugin", () => pidsOf(world, "dist/provider/main.js")],
  ];
  for (const [what, find] of kills) {
    it(`resumes after kill -9 of ${what}`, async () => {
      const { running, id } = await hanging();
      const pids = await find(running);
      expect(pids).to.have.length(1);
      process.kill(pids[0] as number, "SIGKILL");
      const ended = await running.ended;
      expect(ended.code).to.not.equal(0);
      if (what !== "the command line") {
        expect(ended.stderr).to.match(/^Error: .*(engine|plugin)/m);
        expect(ended.stderr).to.contain(`spawn stage resume ${id}`);
        expect(ended.stderr).to.not.match(/rpc error|urn:pulumi/);
      }
      proxy.reset();
      await expectResumed(await start("stage", "resume", id).ended, id, FROM_4);
    });
  }

  it("leaves no process after its command line was killed", async () => {
    const { running, id } = await hanging();
    running.kill("SIGKILL");
    await running.ended;
    await eventually(
      "everything ends by itself",
      async () => (await leftRunning(world.home, 0)).length === 0,
    );
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  });

  it("can be deleted after kill -9, with all data that arrived", async () => {
    const { running, id } = await hanging();
    process.kill((await pidsOf(world, "pulumi up --json"))[0] as number, "SIGKILL");
    await running.ended;
    expect(await aws.openUploads("us-east-1", bucketOf("us-east-1"), `${id}/`)).to.have.length(1);
    await succeed(world.spawn("stage", "delete", id, "--yes"));
    for (const region of REGIONS) {
      expect(await aws.openUploads(region, bucketOf(region), `${id}/`), region).to.deep.equal([]);
      expect(await aws.versions(region, bucketOf(region), `${id}/`), region).to.deep.equal([]);
    }
    expect((await world.traces()).filter((trace) => trace.includes(id))).to.deep.equal([]);
    expect(await readdir(join(world.home, "data/stacks/unfinished"))).to.not.include(`dev.${id}.json`);
  });

  it("resumes wherever it was killed", async () => {
    const running = upload();
    let id = "";
    let told: string | undefined;
    for (const [index, delayMs] of [900, 1_500, 2_200, 3_000].entries()) {
      const attempt = index === 0 ? running : upload();
      await Promise.race([attempt.ended, new Promise((resolve) => setTimeout(resolve, delayMs))]);
      attempt.kill("SIGKILL");
      const { stdout } = await attempt.ended;
      // An upload that has printed its ID is complete; repeating it would create another entry.
      if (ID.test(stdout)) {
        told = stdout;
        break;
      }
      const [entry] = await listed();
      // An upload that was killed before its start, or after it wrote its record, is not listed.
      const found = String(entry?.["staging_id"] ?? id);
      if (id !== "") expect(found).to.equal(id);
      id = found;
    }
    const last = (told ?? (await succeed(upload().ended)).stdout).trim();
    if (id !== "") expect(last).to.equal(id);
    await expectWhole(last);
  });

  it("keeps its ID even if it was killed after it wrote the record", async () => {
    const id = await killedAfterItsRecord();
    expect(await listed()).to.deep.equal([]);
    const ended = await succeed(upload().ended);
    expect(ended.stdout).to.equal(`${id}\n`);
    // The killed engine may or may not have noted the record.
    expect(ended.stderr).to.match(new RegExp(`Resuming ${id}|${id} is complete: the upload finished`));
    expect(arrivedParts(proxy.requests)).to.deep.equal([]);
    // The engine of the killed command may still write its state.
    await eventually("the engine has ended", async () => (await leftRunning(world.home)).length === 0);
    await expectWhole(id);
  });

  it("becomes a new upload if its source changed after the record was written", async () => {
    const id = await killedAfterItsRecord();
    bytes = randomFile(SIZE);
    await world.writeFile(name, bytes);
    const again = (await succeed(upload().ended)).stdout.trim();
    expect(again).to.not.equal(id);
    await expectWhole(again);
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  });

  it("resumes after a power cut of the local cloud that lost the parts", async () => {
    const { running, id } = await hanging();
    const clouds = await pidsOf(world, "serve.py");
    for (const pid of clouds) process.kill(pid, "SIGKILL");
    running.killGroup("SIGINT");
    await running.ended;
    await succeed(world.spawn("local", "up"));
    proxy.reset();
    const ended = await start("stage", "resume", id).ended;
    await expectResumed(ended, id, [1, 2, 3, ...FROM_4]);
  });

  it("resumes after broken connections", async () => {
    proxy.fault = (request) =>
      isPart(request) && Number(request.query.get("partNumber")) > 2 ? { cutAfter: MIB } : undefined;
    const failed = await upload().ended;
    expect(failed.code).to.equal(1);
    const id = ID.exec(failed.stderr)?.[0] ?? "";
    expect(failed.stderr).to.contain(`spawn stage resume ${id}`);
    const arrived = arrivedParts(proxy.requests);
    proxy.reset();
    const missing = [1, 2, 3, ...FROM_4].filter((part) => !arrived.includes(part));
    await expectResumed(await start("stage", "resume", id).ended, id, missing);
  });

  it("starts anew once its deletion has begun", async () => {
    const { running, id } = await hanging();
    running.killGroup("SIGINT");
    await running.ended;
    proxy.fault = ({ method, path, query }) =>
      method === "DELETE" && path.includes(id) && query.has("uploadId") ? { delayMs: 600_000 } : undefined;
    proxy.requests.length = 0;
    const deletion = start("stage", "delete", id, "--yes");
    await eventually("the deletion has begun", async () =>
      (await listed()).some(({ staging_id, state }) => staging_id === id && state === "deleting"),
    );
    deletion.killGroup("SIGINT");
    expect((await deletion.ended).code).to.equal(130);
    proxy.reset();
    const resumed = await start("stage", "resume", id).ended;
    expect(resumed.code).to.equal(1);
    expect(resumed.stderr)
      .to.contain(`the deletion of ${id} has begun`)
      .and.contain(`spawn stage delete ${id} --yes, then upload it again`);
    const again = (await succeed(upload().ended)).stdout.trim();
    expect(again).to.not.equal(id);
    await expectWhole(again);
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  });

  it("sends the changed parts of its source again, and keeps the rest", async () => {
    const { running, id } = await hanging();
    running.killGroup("SIGINT");
    await running.ended;
    bytes[20 * MIB] = (bytes[20 * MIB] as number) ^ 1;
    bytes = Buffer.concat([bytes, Buffer.from("more")]);
    await writeFile(join(world.folder, name), bytes);
    proxy.reset();
    const ended = await start("stage", "resume", id).ended;
    expect(ended.code, ended.stderr).to.equal(0);
    expect(ended.stderr)
      .to.contain("has changed since the upload began: the changed data are sent again, the rest is kept")
      .and.contain(`It had ${SIZE} bytes`)
      .and.contain(`has ${SIZE + 4}`);
    expect(arrivedParts(proxy.requests)).to.deep.equal([2, 4, 5, 6, 7, 8]);
    await expectWhole(id);
  });

  it("sends changed bytes again even if size and time are the same", async () => {
    const path = join(world.folder, name);
    const time = new Date("2026-01-02T03:04:05Z");
    await utimes(path, time, time);
    const { running, id } = await hanging();
    running.killGroup("SIGINT");
    await running.ended;
    bytes[20 * MIB] = (bytes[20 * MIB] as number) ^ 1;
    await writeFile(path, bytes);
    await utimes(path, time, time);
    proxy.reset();
    await expectResumed(await start("stage", "resume", id).ended, id, [2, 4, 5, 6, 7, 8]);
  });

  it("is refused if its file is now a directory: only a new upload helps", async () => {
    const { running, id } = await hanging();
    running.killGroup("SIGINT");
    await running.ended;
    await rm(join(world.folder, name));
    await mkdir(join(world.folder, name));
    await writeFile(join(world.folder, name, "x"), "x");
    const refused = await world.spawn("stage", "resume", id);
    expect(refused.code).to.equal(1);
    expect(refused.stderr)
      .to.contain(`was a file when ${id} was begun`)
      .and.contain(`Fix: spawn stage delete ${id} --yes, then upload it again`)
      .and.not.contain("To resume it");
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  });

  it("is resumed by one of two concurrent commands; the other reports it", async () => {
    const { running, id } = await hanging();
    running.killGroup("SIGINT");
    await running.ended;
    proxy.reset();
    const both = await Promise.all([start("stage", "resume", id).ended, start("stage", "resume", id).ended]);
    const [won, lost] = both.sort((a, b) => a.code - b.code) as [Ended, Ended];
    expect(lost.code, lost.stderr).to.equal(1);
    expect(lost.stderr).to.match(new RegExp(`^Error: ${id} is being worked on$`, "m"));
    expect(won.code, won.stderr).to.equal(0);
    expect(arrivedParts(proxy.requests)).to.deep.equal(FROM_4);
    await expectWhole(id);
  });

  it("finishes the other regions if one is down, names that one, and resumes it", async () => {
    const all = ["us-east-1", "us-west-2", "eu-west-1"];
    proxy.fault = ({ region, path }) =>
      region === "us-west-2" && path.includes("/stage-") ? { answer: { status: 503 } } : undefined;
    const failed = await start("stage", "upload", name, "--regions", all.join(","), "--replication", "copy")
      .ended;
    expect(failed.code, failed.stderr).to.equal(1);
    expect(failed.stderr)
      .to.match(/^Error: .*us-west-2/m)
      .and.not.match(/^Error: .*eu-west-1/m);
    const id = ID.exec(failed.stderr)?.[0] ?? "";
    expect(await aws.sha256("eu-west-1", bucketOf("eu-west-1"), `${id}/${name}`)).to.equal(sha256(bytes));
    expect(await aws.item(RECORDS, id)).to.equal(undefined);

    proxy.reset();
    await expectResumed(await start("stage", "resume", id).ended, id, []);
  });

  it("is not found under the ID of a finished or unknown entry", async () => {
    const id = (await succeed(upload().ended)).stdout.trim();
    const finished = await world.spawn("stage", "resume", id);
    expect(finished.code).to.equal(2);
    expect(finished.stderr).to.contain(`${id} is whole: there is nothing to resume`);
    const unknown = await world.spawn("stage", "resume", "stage-000000000000");
    expect(unknown.code).to.equal(2);
    expect(unknown.stderr).to.contain("there is no interrupted upload stage-000000000000");
    const again = await succeed(upload().ended);
    expect(again.stdout.trim()).to.not.equal(id);
    for (const each of [id, again.stdout.trim()])
      await succeed(world.spawn("stage", "delete", each, "--yes"));
  });
});
