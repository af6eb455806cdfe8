import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { TestProxy } from "../support/proxy.ts";
import { type Aws, sha256 } from "./support/aws.ts";
import { whileRunning } from "./support/interrupting.ts";
import { type Ended, succeed } from "./support/process.ts";
import { bucketOf, randomFile, sharedWorld, type World } from "./support/world.ts";

const [PRIMARY, SECOND] = ["us-east-1", "us-west-2"] as const;

describe("Verification and repair of an entry", () => {
  let world: World;
  let aws: Aws;
  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
  });

  const remove = (region: string, Key: string) =>
    aws.s3(region).send(new DeleteObjectCommand({ Bucket: bucketOf(region), Key }));
  const overwrite = (region: string, Key: string, Body: Uint8Array) =>
    aws.s3(region).send(new PutObjectCommand({ Bucket: bucketOf(region), Key, Body }));
  const stage = (verb: string, ...args: string[]): Promise<Ended> => world.spawn("stage", verb, ...args);
  const states = async (id: string, ...flags: string[]): Promise<[number | null, unknown]> => {
    const { code, stdout } = await stage("info", id, "--format", "json", ...flags);
    const { presence } = JSON.parse(stdout) as { presence: Record<string, { state: string }> };
    return [code, Object.fromEntries(Object.entries(presence).map(([region, { state }]) => [region, state]))];
  };
  const fixIn = (stderr: string): string => /Fix: (.*)/.exec(stderr)?.[1] ?? "";
  const both = (state: string, other: string) => ({ [PRIMARY]: state, [SECOND]: other });

  it("updates no TTL of a file with missing data, and repairs either region from the other", async () => {
    const bytes = randomFile(200_000);
    await world.writeFile("genome.bin", bytes);
    const id = await world.upload("genome.bin", "--regions", `${PRIMARY},${SECOND}`, "--ttl", "5");
    await rm(join(world.folder, "genome.bin"));
    const key = `${id}/genome.bin`;
    expect(await states(id)).to.deep.equal([0, both("whole", "whole")]);
    expect(await states(id, "--verify")).to.deep.equal([0, both("whole", "whole")]);
    expect((await succeed(stage("repair", id))).stdout).to.contain("Nothing to repair");

    await overwrite(PRIMARY, key, randomFile(200_000));
    expect(await states(id)).to.deep.equal([1, both("different", "whole")]);
    expect(await states(id, "--verify")).to.deep.equal([1, both("different", "whole")]);
    for (const change of [
      ["--ttl", "9"],
      ["--sweep-id", "one"],
    ]) {
      const refused = await stage("update", id, ...change);
      expect(refused).to.include({ code: 1, stdout: "" });
      expect(refused.stderr).to.contain(`the data of ${id} are different in ${PRIMARY}`);
      expect(fixIn(refused.stderr)).to.equal(`spawn stage repair ${id}`);
    }
    const { stdout } = await succeed(stage("repair", id));
    expect(stdout).to.equal(`Repaired ${PRIMARY} from ${SECOND}\n`);
    expect(await states(id, "--verify")).to.deep.equal([0, both("whole", "whole")]);
    expect(await aws.sha256(PRIMARY, bucketOf(PRIMARY), key)).to.equal(sha256(bytes));
    for (const object of [key, `${id}/.spawn-manifest.jsonl`]) {
      expect(await aws.tags(PRIMARY, bucketOf(PRIMARY), object)).to.include({
        StagingID: id,
        "spawn:ttl-days": "5",
      });
    }

    // A refresh drops a missing replica from the state; the repair restores data and state.
    await remove(SECOND, key);
    expect(await states(id)).to.deep.equal([1, both("whole", "missing")]);
    const listed = await stage("list", "--verify");
    expect(listed.code).to.equal(1);
    expect(listed.stdout).to.match(new RegExp(`^${id} .* missing in ${SECOND}$`, "m"));
    expect(listed.stderr).to.contain(`Fix: spawn stage repair ${id}\n`);
    await succeed(world.pulumi(`pulumi refresh --yes --stack organization/spawn/dev.${id}`));
    const json = await succeed(stage("repair", id, "--json"));
    expect((JSON.parse(json.stdout) as { result: unknown }).result).to.deep.include({
      staging_id: id,
      repaired: [{ region: SECOND, from: PRIMARY }],
    });
    expect((await stage("list", "--verify")).stdout).to.match(new RegExp(`^${id} .* whole$`, "m"));
    expect((await succeed(stage("update", id, "--ttl", "9"))).stdout).to.contain("TTL extended to 9 days");

    await Promise.all([remove(PRIMARY, key), remove(SECOND, key)]);
    for (const verb of ["repair", "info"]) {
      const { code, stderr } = await stage(verb, id);
      expect({ verb, code }).to.deep.equal({ verb, code: 1 });
      expect(stderr).to.contain(`spawn stage delete ${id} --yes`);
    }
    const gone = await stage("update", id, "--ttl", "12");
    expect(gone).to.include({ code: 1, stdout: "" });
    expect(gone.stderr).to.contain(`the data of ${id} are missing in ${PRIMARY}, missing in ${SECOND}`);
    await succeed(stage("delete", id, "--yes"));
  });

  it("repairs a directory, lists damaged files, and supports two concurrent repairs", async () => {
    const folder = join(world.folder, "tree");
    await mkdir(join(folder, "sub"), { recursive: true });
    for (let at = 0; at < 30; at += 1) await writeFile(join(folder, "sub", `${at}`), `content ${at}`);
    const id = await world.upload("tree", "--regions", `${PRIMARY},${SECOND}`, "--ttl", "5");
    await remove(SECOND, `${id}/tree/sub/7`);
    await overwrite(SECOND, `${id}/tree/sub/8`, Buffer.from("CONTENT 8"));
    await overwrite(SECOND, `${id}/tree/stray`, Buffer.from("x"));
    expect(await states(id)).to.deep.equal([1, both("whole", "different")]);
    const listed = JSON.parse((await stage("list", "--verify", "--format", "json")).stdout) as {
      readonly staging_id: string;
      readonly presence: Record<string, { readonly state: string }>;
    }[];
    expect(listed.find((entry) => entry.staging_id === id)?.presence[SECOND]).to.include({
      state: "different",
    });
    const [one, two] = await Promise.all([stage("repair", id), stage("repair", id)]);
    expect([one.code, two.code], one.stderr + two.stderr).to.deep.equal([0, 0]);
    expect([one.stdout, two.stdout].sort()).to.deep.equal([
      "Nothing to repair: every region is whole.\n",
      `Repaired ${SECOND} from ${PRIMARY}\n`,
    ]);
    expect(await states(id, "--verify")).to.deep.equal([0, both("whole", "whole")]);
    await remove(PRIMARY, `${id}/.spawn-manifest.jsonl`);
    await succeed(stage("repair", id));
    expect(await states(id, "--verify")).to.deep.equal([0, both("whole", "whole")]);
    expect(await aws.tags(PRIMARY, bucketOf(PRIMARY), `${id}/.spawn-manifest.jsonl`)).to.include({
      "spawn:ttl-days": "5",
    });
    await succeed(stage("delete", id, "--yes"));
  });

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGKILL", 137],
  ] as const) {
    it(`resumes after ${signal} during the copies, and copies only the rest`, async () => {
      const name = `cut by ${signal}`;
      const folder = join(world.folder, name);
      await mkdir(folder);
      const names = Array.from({ length: 30 }, (_, at) => `${at}`);
      for (const each of names) await writeFile(join(folder, each), `content ${each}`);
      const id = await world.upload(name, "--regions", `${PRIMARY},${SECOND}`, "--ttl", "5");
      for (const each of names) await remove(SECOND, `${id}/${name}/${each}`);
      const proxy = await TestProxy.start(aws.endpoint);
      const repair = () => world.startIn({ env: aws.variables(proxy.endpoint) }, "stage", "repair", id);
      const copies = () =>
        proxy.requests.filter(
          ({ headers, status }) => headers["x-amz-copy-source"] !== undefined && status === 200,
        );
      try {
        const never = new Promise<void>(() => {});
        let begun = 0;
        proxy.fault = ({ headers }) => {
          if (headers["x-amz-copy-source"] === undefined) return undefined;
          begun += 1;
          return begun > 10 ? { until: never } : undefined;
        };
        const running = repair();
        await whileRunning(running, async () => (copies().length >= 10 ? true : undefined));
        running.kill(signal);
        const ended = await running.ended;
        expect(ended, ended.stderr).to.include({ code, stdout: "" });
        expect(await states(id)).to.deep.equal([1, both("whole", "missing")]);

        proxy.reset();
        const { stdout } = await succeed(repair().ended);
        expect(stdout).to.equal(`Repaired ${SECOND} from ${PRIMARY}\n`);
        expect(copies().filter(({ path }) => path.includes(name))).to.have.length(20);
      } finally {
        await proxy.stop();
      }
      expect(await states(id, "--verify")).to.deep.equal([0, both("whole", "whole")]);
      for (const each of names) {
        expect(await aws.tags(SECOND, bucketOf(SECOND), `${id}/${name}/${each}`)).to.include({
          "spawn:ttl-days": "5",
        });
      }
      await succeed(stage("delete", id, "--yes"));
    });
  }
});
