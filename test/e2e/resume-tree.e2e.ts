import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { ProxiedRequest, TestProxy } from "../support/proxy.ts";
import { type Aws, sha256 } from "./support/aws.ts";
import { arrivedParts, eventually, isPart, whileRunning } from "./support/interrupting.ts";
import { type Running, succeed } from "./support/process.ts";
import { bucketOf, proxiedWorld, RECORDS, randomFile, type World } from "./support/world.ts";

const MIB = 1024 ** 2;
const REGIONS = ["us-east-1", "us-west-2"] as const;
const ID = /stage-[0-9a-f]{12}/;
const SMALL = 20;

describe("An interrupted upload of many objects", () => {
  let world: World;
  let aws: Aws;
  let proxy: TestProxy;
  const contents = new Map<string, Buffer>();

  before(async () => {
    ({ world, aws, proxy } = await proxiedWorld());
    const folder = join(world.folder, "interrupted tree");
    await mkdir(join(folder, "small files"), { recursive: true });
    for (let index = 0; index < SMALL; index += 1) {
      contents.set(`small files/${String(index).padStart(2, "0")}`, randomFile(1_000 + index));
    }
    contents.set("large", randomFile(40 * MIB));
    for (const [path, bytes] of contents) await writeFile(join(folder, path), bytes);
  });
  after(() => proxy.stop());
  beforeEach(() => proxy.reset());

  const start = (...args: string[]): Running =>
    world.startIn({ env: aws.variables(proxy.endpoint), ownGroup: true }, ...args);

  /** A whole file in flight to the primary region. */
  const isSmall = ({ method, path, query }: ProxiedRequest): boolean =>
    method === "PUT" && !query.has("uploadId") && path.startsWith(`/${bucketOf("us-east-1")}/stage-`);
  const arrivedFiles = (): string[] =>
    proxy.requests
      .filter(
        (request) => isSmall(request) && request.status === 200 && request.path.includes("/small files/"),
      )
      .map(({ path }) => path.slice(-2))
      .sort();

  async function expectWhole(id: string): Promise<void> {
    for (const region of REGIONS) {
      for (const [path, bytes] of contents) {
        const key = `${id}/interrupted tree/${path}`;
        expect(await aws.sha256(region, bucketOf(region), key), `${region} ${path}`).to.equal(sha256(bytes));
      }
      expect(await aws.openUploads(region, bucketOf(region), `${id}/`), region).to.deep.equal([]);
    }
    expect(await aws.item(RECORDS, id)).to.not.equal(undefined);
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  }

  for (const [how, again] of [
    ["by its id", (id: string) => ["stage", "resume", id]],
    [
      "by the same upload once more",
      () => ["stage", "upload", "interrupted tree", "--regions", REGIONS.join(","), "--replication", "copy"],
    ],
  ] as const) {
    it(`of a directory resumes ${how}, and sends only missing files and parts`, async () => {
      const half = String(SMALL / 2).padStart(2, "0");
      proxy.fault = (request) => {
        const isLate =
          isSmall(request) && request.path.slice(-2) >= half && request.path.includes("/small files/");
        const isLatePart = isPart(request) && Number(request.query.get("partNumber")) > 1;
        return isLate || isLatePart ? { delayMs: 600_000 } : undefined;
      };
      const running = start(
        ...["stage", "upload", "interrupted tree", "--regions", REGIONS.join(","), "--replication", "copy"],
      );
      const id = await whileRunning(running, async () =>
        arrivedFiles().length === SMALL / 2 && arrivedParts(proxy.requests).length === 1
          ? ID.exec(proxy.requests.find(isPart)?.path ?? "")?.[0]
          : undefined,
      );
      running.killGroup("SIGINT");
      const ended = await running.ended;
      expect(ended.code, ended.stderr).to.equal(130);
      expect(ended.stderr).to.contain(`To resume it: spawn stage resume ${id}.`);

      const { stdout } = await succeed(world.spawn("stage", "list", "--incomplete", "--format", "json"));
      const entry = (JSON.parse(stdout) as Record<string, unknown>[]).find(
        (each) => each["staging_id"] === id,
      );
      expect(entry).to.deep.include({
        file_count: SMALL + 1,
        arrived_files: { "us-east-1": SMALL / 2, "us-west-2": 0 },
      });

      proxy.reset();
      const resumed = await succeed(start(...again(id)).ended);
      expect(resumed.stdout).to.equal(`${id}\n`);
      expect(arrivedFiles()).to.deep.equal(
        Array.from({ length: SMALL / 2 }, (_, index) => String(SMALL / 2 + index)),
      );
      expect(arrivedParts(proxy.requests)).to.deep.equal([2, 3]);
      await expectWhole(id);
    });
  }

  for (const [what, isHeld] of [
    [
      "while it is sent",
      (request: ProxiedRequest) =>
        isSmall(request) && request.path.includes("/small files/") && request.path.slice(-2) >= "12",
    ],
    [
      "when all of it had arrived",
      ({ method, path, region }: ProxiedRequest) =>
        method !== "GET" && region === "us-west-2" && path.includes("/stage-"),
    ],
    [
      "when its first replica was made",
      ({ method, path, region }: ProxiedRequest) =>
        method !== "GET" && region === "eu-west-1" && path.includes("/stage-"),
    ],
  ] as const) {
    it(`of a directory that changes ${what} stages the new content in every region`, async () => {
      const regions = [...REGIONS, "eu-west-1"];
      const folder = join(world.folder, "interrupted tree");
      const command = [
        ...["stage", "upload", "interrupted tree", "--regions", regions.join(",")],
        ...["--replication", "copy"],
      ];
      let held = 0;
      proxy.fault = (request) => {
        if (!isHeld(request)) return undefined;
        held += 1;
        return { delayMs: 600_000 };
      };
      const running = start(...command);
      const id = await whileRunning(running, async () =>
        held > 0 && (what !== "while it is sent" || arrivedFiles().length === 12)
          ? ID.exec(proxy.requests.find(isHeld)?.path ?? "")?.[0]
          : undefined,
      );
      // Requests that are not held may complete.
      if (what === "when its first replica was made") {
        const state = join(world.home, "data/state/.pulumi/stacks/spawn", `dev.${id}.json`);
        const isMade = async () => /"verifiedBy": ?"[a-z]+"/.test(await readFile(state, "utf8"));
        await eventually("the first replica is in the state", isMade);
      }
      running.killGroup("SIGINT");
      expect((await running.ended).code).to.equal(130);
      proxy.reset();

      const grown = Buffer.concat([contents.get("small files/07") as Buffer, Buffer.from("more")]);
      const changed = new Map(contents);
      changed.set("small files/07", grown);
      changed.set("small files/09", randomFile(1_009));
      changed.set("small files/30 new", randomFile(30));
      changed.delete("small files/03");
      for (const [path, bytes] of changed) {
        if (bytes !== contents.get(path)) await writeFile(join(folder, path), bytes);
      }
      await rm(join(folder, "small files/03"));
      try {
        const resumed = await succeed(start("stage", "resume", id).ended);
        expect(resumed.stderr)
          .to.contain("has changed since the upload began")
          .and.contain("small files/07")
          .and.contain("small files/03 (removed from the entry)");
        expect(resumed.stdout).to.equal(`${id}\n`);
        for (const region of regions) {
          const versions = await aws.versions(region, bucketOf(region), `${id}/interrupted tree/`);
          const found = [...new Set(versions.map(({ key }) => key))];
          const wanted = [...changed.keys()].map((path) => `${id}/interrupted tree/${path}`).sort();
          expect(found.sort(), region).to.deep.equal(wanted);
          for (const [path, bytes] of changed) {
            const key = `${id}/interrupted tree/${path}`;
            expect(await aws.sha256(region, bucketOf(region), key), `${region} ${path}`).to.equal(
              sha256(bytes),
            );
          }
        }
        const { stdout } = await succeed(world.spawn("stage", "info", id, "--format", "json"));
        const size = [...changed.values()].reduce((sum, { length }) => sum + length, 0);
        expect(JSON.parse(stdout)).to.include({ size_bytes: size });
        expect(JSON.stringify(await aws.item(RECORDS, id))).to.contain(String(size));
      } finally {
        await rm(join(folder, "small files/30 new"));
        for (const [path, bytes] of contents) await writeFile(join(folder, path), bytes);
        await succeed(world.spawn("stage", "delete", id, "--yes"));
      }
    });
  }

  it("from a source on S3 resumes under its ID", async () => {
    const folder = "sources of S3/interrupted tree";
    for (const [path, bytes] of contents) {
      const place = { Bucket: bucketOf("us-east-1"), Key: `${folder}/${path}` };
      await aws.s3("us-east-1").send(new PutObjectCommand({ ...place, Body: bytes }));
    }
    proxy.fault = ({ method, path }) =>
      method !== "GET" && path.includes("/stage-") && path.endsWith("/large")
        ? { delayMs: 600_000 }
        : undefined;
    const running = start(
      ...["stage", "upload", `s3://${bucketOf("us-east-1")}/${folder}/`, "--regions", REGIONS.join(",")],
    );
    const id = await whileRunning(running, async () =>
      arrivedFiles().length === SMALL ? ID.exec(proxy.requests.find(isSmall)?.path ?? "")?.[0] : undefined,
    );
    running.killGroup("SIGINT");
    expect((await running.ended).code).to.equal(130);

    proxy.reset();
    const resumed = await succeed(start("stage", "resume", id).ended);
    expect(resumed.stdout).to.equal(`${id}\n`);
    await expectWhole(id);
  });
});
