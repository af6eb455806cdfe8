import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Keys } from "../../connection/connection.ts";
import { TTL_TAG } from "../../staging/classes.ts";
import { Aws, sha256 } from "../e2e/support/aws.ts";
import { arrivedParts, isPart, whileRunning } from "../e2e/support/interrupting.ts";
import { type Ended, type Running, succeed } from "../e2e/support/process.ts";
import { bucketOf, RECORDS, randomFile, World } from "../e2e/support/world.ts";
import { startMoto } from "../support/moto.ts";
import { TestProxy } from "../support/proxy.ts";
import { startVersitygw } from "../support/versitygw.ts";

/*
 * The whole job on third-party servers, with the real command line and engine. spawn warns once about a missing feature and does
 * without it.
 */

const MIB = 1024 ** 2;
const PARTS = 6;
const SIZE = PARTS * 16 * MIB - 5;
/** Of the environment `dev`. */
const ALL_REGIONS = ["us-east-1", "us-west-2", "eu-west-1"] as const;
const REGIONS = ["us-east-1", "us-west-2"] as const;
const ID = /stage-[0-9a-f]{12}/;

const COPIES = "Warning: This S3 server has no replication rules whose tags can be read back: copies";
const STAYS = "Warning: This S3 server has no lifecycle rules: data do not expire by themselves.";
const lacking = (setting: string): string =>
  `Warning: This S3 server does not support the ${setting} of the bucket:`;

interface Servers {
  /** The endpoint of all services, S3 included unless {@link s3} is set. */
  readonly moto: string;
  /** Of S3. */
  readonly s3: string;
  readonly keys: Keys;
  stop(): Promise<void>;
}

interface Tested {
  start(): Promise<Servers>;
  /** Warnings of `environment up`, in any order. */
  readonly settings: readonly string[];
  /** Warnings of an upload. */
  readonly upload: readonly string[];
}

const TESTED: Readonly<Record<string, Tested>> = {
  moto: {
    async start() {
      const { endpoint, stop } = await startMoto();
      return { moto: endpoint, s3: endpoint, stop, keys: { accessKeyId: "test", secretAccessKey: "test" } };
    },
    settings: [],
    upload: [COPIES],
  },
  // S3 alone: moto serves the rest of AWS.
  versitygw: {
    async start() {
      const [moto, s3] = await Promise.all([startMoto(), startVersitygw(ALL_REGIONS)]);
      const stop = async () => void (await Promise.all([moto.stop(), s3.stop()]));
      return { moto: moto.endpoint, s3: s3.endpoint, keys: s3.keys, stop };
    },
    settings: [
      ...["lifecycle", "replication", "policy", "default encryption", "public access block"].map(lacking),
    ],
    upload: [COPIES, STAYS],
  },
};

for (const [name, tested] of Object.entries(TESTED)) {
  describe(`the whole job on ${name}`, () => {
    let servers: Servers;
    let world: World;
    let proxy: TestProxy;
    let s3: Aws;
    let tables: Aws;
    let env: NodeJS.ProcessEnv;
    let id: string;
    const file = randomFile(17 * MIB); // two parts
    const big = randomFile(SIZE);

    before("start the servers", async () => {
      servers = await tested.start();
      world = await World.make();
      proxy = await TestProxy.start(servers.s3);
      s3 = new Aws(servers.s3, servers.keys);
      tables = new Aws(servers.moto, servers.keys);
      const isOne = servers.s3 === servers.moto;
      env = {
        AWS_ENDPOINT_URL: isOne ? proxy.endpoint : servers.moto,
        ...(isOne ? {} : { AWS_ENDPOINT_URL_S3: proxy.endpoint }),
        AWS_ACCESS_KEY_ID: servers.keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: servers.keys.secretAccessKey,
      };
      await Promise.all([world.writeFile("file.bin", file), world.writeFile("big.bin", big)]);
      await mkdir(join(world.folder, "tree/below"), { recursive: true });
      await Promise.all([
        world.writeFile("tree/a.txt", file.subarray(0, 9)),
        world.writeFile("tree/below/b c", big.subarray(0, 99)),
      ]);
    });
    after(async () => {
      for (const clients of [s3, tables]) clients?.close();
      await proxy?.stop();
      await servers?.stop();
      await world?.remove();
    });

    const start = (...args: string[]): Running => world.startIn({ env, ownGroup: true }, ...args);
    const spawn = (...args: string[]): Promise<Ended> => start(...args).ended;
    const upload = (source: string): Running =>
      start("stage", "upload", source, "--regions", REGIONS.join(","));
    const uploaded = async (source: string): Promise<Ended & { readonly id: string }> => {
      const ended = await succeed(upload(source).ended);
      return { ...ended, id: ended.stdout.trim() };
    };

    function expectWarnings({ stderr }: Ended, expected: readonly string[]): void {
      const found = stderr.split("\n").filter((line) => line.startsWith("Warning: "));
      expect(found, stderr).to.have.length(expected.length);
      for (const text of expected)
        expect(
          found.some((line) => line.startsWith(text)),
          text,
        ).to.equal(true);
    }

    async function expectObject(key: string, bytes: Uint8Array): Promise<void> {
      for (const region of REGIONS) {
        expect(await s3.sha256(region, bucketOf(region), key), region).to.equal(sha256(bytes));
        expect(await s3.openUploads(region, bucketOf(region), key), region).to.deep.equal([]);
      }
    }

    it("creates the environment, reports what the server lacks, and finds no change the second time", async () => {
      expectWarnings(await succeed(spawn("environment", "up")), tested.settings);
      const again = await succeed(spawn("environment", "up"));
      expect(again.stdout + again.stderr).to.match(/Environment dev is up: \d+ unchanged\./);
      const status = await succeed(spawn("environment", "status"));
      expect(status.stdout.match(/ up$/gm), status.stdout).to.have.length.of.at.least(ALL_REGIONS.length);
    });

    it("stages a file in two regions, warns once about missing features, and verifies every byte", async () => {
      const ended = await uploaded("file.bin");
      id = ended.id;
      expectWarnings(ended, tested.upload);
      await expectObject(`${id}/file.bin`, file);
      expect(await tables.item(RECORDS, id)).to.include({ sha256: sha256(file) });
      const info = await succeed(spawn("stage", "info", id, "--verify"));
      for (const region of REGIONS) expect(info.stdout).to.contain(region);
      expect((await succeed(spawn("stage", "list", "--verify"))).stdout).to.match(/ whole$/m);
    });

    it("stages a directory and downloads it", async () => {
      const { id: tree } = await uploaded("tree/");
      await expectObject(`${tree}/tree/below/b c`, big.subarray(0, 99));
      await succeed(spawn("stage", "download", tree, "copy of the tree"));
      expect(await readFile(join(world.folder, "copy of the tree/a.txt"))).to.deep.equal(
        Buffer.from(file.subarray(0, 9)),
      );
      await succeed(spawn("stage", "delete", tree, "--yes"));
    });

    it("resumes an interrupted upload", async () => {
      proxy.reset();
      proxy.fault = (request) =>
        isPart(request) && Number(request.query.get("partNumber")) > 3 ? { delayMs: 600_000 } : undefined;
      const running = upload("big.bin");
      const interrupted = await whileRunning(running, async () =>
        arrivedParts(proxy.requests).length >= 3
          ? ID.exec(proxy.requests.find(isPart)?.path ?? "")?.[0]
          : undefined,
      );
      running.killGroup("SIGINT");
      const ended = await running.ended;
      expect(ended.code, ended.stderr).to.equal(130);
      expect(ended.stderr).to.contain(`spawn stage resume ${interrupted}`);
      expect((await succeed(spawn("stage", "list", "--incomplete"))).stdout).to.contain(interrupted);

      proxy.reset();
      const resumed = await succeed(spawn("stage", "resume", interrupted));
      expect(resumed.stdout).to.equal(`${interrupted}\n`);
      expect(arrivedParts(proxy.requests)).to.deep.equal([4, 5, 6]);
      await expectObject(`${interrupted}/big.bin`, big);
      await succeed(spawn("stage", "delete", interrupted, "--yes"));
    });

    it("changes the TTL, and adds and removes a region", async () => {
      await succeed(spawn("stage", "update", id, "--ttl", "30"));
      for (const region of REGIONS) {
        const tags = await s3.tags(region, bucketOf(region), `${id}/file.bin`);
        expect(tags, region).to.include({ [TTL_TAG]: "30" });
      }
      const added = await succeed(spawn("stage", "update", id, "--regions", ALL_REGIONS.join(","), "--json"));
      expect(JSON.parse(added.stdout).warnings.join()).to.contain(COPIES.replace("Warning: ", ""));
      expect(await s3.sha256("eu-west-1", bucketOf("eu-west-1"), `${id}/file.bin`)).to.equal(sha256(file));
      await succeed(spawn("stage", "update", id, "--regions", REGIONS.join(","), "--yes"));
      expect(await s3.versions("eu-west-1", bucketOf("eu-west-1"), `${id}/`)).to.deep.equal([]);
    });

    it("deletes the entry and the environment", async () => {
      await succeed(spawn("stage", "delete", id, "--yes"));
      for (const region of ALL_REGIONS) {
        expect(await s3.versions(region, bucketOf(region)), region).to.deep.equal([]);
        expect(await s3.openUploads(region, bucketOf(region)), region).to.deep.equal([]);
      }
      expect(await tables.item(RECORDS, id)).to.equal(undefined);
      const destroyed = await succeed(spawn("environment", "destroy", "--yes"));
      expectWarnings(destroyed, []);
      for (const region of ALL_REGIONS) {
        expect(await s3.hasBucket(region, bucketOf(region)), region).to.equal(false);
      }
    });
  });
}
