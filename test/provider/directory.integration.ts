import { createHash } from "node:crypto";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { expiration } from "../../provider/expiration.ts";
import { replication } from "../../provider/replication.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { findFile } from "../../provider/transfer/source/file.ts";
import { uploadFile } from "../../provider/transfer/upload/upload.ts";
import { InputError } from "../../staging/errors.ts";
import { type ManifestEntry, parseManifest } from "../../staging/manifest.ts";
import type { ReplicationInputs } from "../../staging/resources/replication.ts";
import type { StagedDataInputs, StagedDataOutputs } from "../../staging/resources/staged-data.ts";
import { MIB } from "../../staging/units.ts";
import { errorOf } from "../support/failure.ts";
import {
  bucketOf,
  CloudFixture,
  PRIMARY,
  REGIONS,
  replicaInputs,
  SECOND,
  stagedInputs,
  TestContext,
  THIRD,
} from "./cloud-fixture.ts";
import { THREADS } from "./transfer/threads.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("A directory of many files", () => {
  const fixture = CloudFixture.forSuite();

  const stage = (source: string, changes: Partial<StagedDataInputs> = {}, context = new TestContext()) => {
    const inputs = stagedInputs(source, { replicateTo: [], ...changes });
    return stagedData(fixture.dependencies()).create(inputs, context);
  };

  const replicaOf = (data: StagedDataOutputs, region: string): ReplicationInputs =>
    replicaInputs(data, region, { method: data.replicateTo.includes(region) ? "rule" : "copy" });

  async function manifestOf(data: StagedDataOutputs, region: string): Promise<ManifestEntry[]> {
    const { entries } = await parseManifest([(await fixture.object(region, data.manifestKey)).bytes]);
    const all: ManifestEntry[] = [];
    for await (const entry of entries) all.push(entry);
    return all;
  }

  async function makeTree(name: string): Promise<{ path: string; files: Map<string, Buffer> }> {
    const path = join(fixture.folder, name);
    await rm(path, { recursive: true, force: true });
    const names = [
      "a",
      "A",
      "sub/run.sh",
      ".hidden",
      "line\nbreak",
      'q"u\\o te',
      "é",
      "e\u0301",
      "a&b <c> +%20",
      "\u0001control",
    ];
    const files = new Map(names.map((each, index) => [each, Buffer.alloc(index * 7, each)]));
    files.set("large", Buffer.alloc(17 * MIB, "large"));
    for (const [each, bytes] of files) {
      await mkdir(join(path, each, ".."), { recursive: true });
      await writeFile(join(path, each), bytes, { mode: 0o644 });
    }
    await chmod(join(path, "sub/run.sh"), 0o755);
    await symlink("sub/run.sh", join(path, "link"));
    await mkdir(join(path, "empty"), { mode: 0o755 });
    await writeFile(join(path, "scratch.tmp"), "not wanted");
    return { path, files };
  }

  it("reaches every region with all kinds of files, and can be read, expired and deleted", async () => {
    const { path, files } = await makeTree("tree");
    const context = new TestContext();
    const inputs = { exclude: ["*.tmp"], replicateTo: [SECOND] };
    const { id, outputs: data } = await stage(path, inputs, context);
    const size = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    expect(data).to.include({ kind: "directory", filename: "tree", key: `${data.stagingId}/tree/` });
    expect(data).to.include({ fileCount: files.size, sizeBytes: size, sha256: data.manifestSha256 });
    expect(context.progress.at(-1)).to.include({ done: size, objectsDone: files.size, finished: true });

    const replicas = [];
    for (const region of [SECOND, THIRD]) {
      const made = await replication(fixture.dependencies()).create(
        replicaOf(data, region),
        new TestContext(),
      );
      expect(made.outputs.objects).to.equal(files.size + 1);
      replicas.push(made);
    }
    for (const region of REGIONS) {
      for (const [name, bytes] of files) {
        const stored = await fixture.object(region, `${data.key}${name}`);
        expect(stored.bytes.equals(bytes), `${JSON.stringify(name)} in ${region}`).to.equal(true);
      }
      const manifest = await manifestOf(data, region);
      expect(manifest.filter(({ type }) => type !== "file")).to.deep.equal([
        { type: "directory", path: "empty/", mode: "755" },
        { type: "link", path: "link", target: "sub/run.sh" },
      ]);
      const listed = manifest.filter((entry) => entry.type === "file");
      expect(new Map(listed.map((entry) => [entry.path, entry.sha256]))).to.deep.equal(
        new Map([...files].map(([name, bytes]) => [name, sha256(bytes)])),
      );
      expect(listed.find((entry) => entry.path === "sub/run.sh")).to.include({ mode: "755" });
    }

    const expiring = { stagingId: data.stagingId, region: PRIMARY, bucket: data.bucket, ttlDays: 9 };
    const { uploadedAt, manifestSha256 } = data;
    const expires = expiration(fixture.dependencies());
    const expired = await expires.create({ ...expiring, uploadedAt, manifestSha256 }, new TestContext());
    const reread = await expires.read("id", expired.outputs, expired.outputs, new TestContext());
    expect(reread?.outputs).to.deep.equal(expired.outputs);

    const own = stagedData(fixture.dependencies());
    expect(await own.read(id, data, data, new TestContext())).to.deep.equal({
      id,
      inputs: data,
      outputs: data,
    });
    const put = { Bucket: bucketOf(PRIMARY), Key: `${data.key}a`, Body: "resized" };
    await fixture.s3.of(PRIMARY).send(new PutObjectCommand(put));
    const resized = await own.read(id, data, data, new TestContext());
    expect(resized?.outputs.lost).to.contain("tree/a has 7 bytes instead of 0");
    await own.delete(id, data, new TestContext());
    for (const { id: replicaId, outputs } of replicas) {
      await replication(fixture.dependencies()).delete(replicaId, outputs, new TestContext());
    }
    for (const region of REGIONS) expect(await fixture.everything(region, data.stagingId)).to.deep.equal([]);
  });

  it("has the same SHA-256 as an equal one, and another than a different one", async () => {
    const [one, two] = [await makeTree("one"), await makeTree("two")];
    const first = (await stage(one.path)).outputs.sha256;
    expect((await stage(two.path)).outputs.sha256).to.equal(first);
    await chmod(join(two.path, "a"), 0o600);
    expect((await stage(two.path)).outputs.sha256).not.to.equal(first);
  });

  it("can be without files", async () => {
    const path = join(fixture.folder, "nothing");
    await mkdir(join(path, "below"), { recursive: true });
    const { outputs } = await stage(path);
    expect(outputs).to.include({ fileCount: 0, sizeBytes: 0 });
    await replication(fixture.dependencies()).create(replicaOf(outputs, THIRD), new TestContext());
    expect(await fixture.everything(THIRD, outputs.stagingId)).to.deep.equal([outputs.manifestKey]);
  });

  it("is refused with a link out of the tree, and nothing is created", async () => {
    const { path } = await makeTree("leaving");
    await symlink("../..", join(path, "out"));
    const inputs = stagedInputs(path);
    const error = await errorOf(stagedData(fixture.dependencies()).create(inputs, new TestContext()));
    expect(error).to.be.instanceOf(InputError);
    expect(error.message).to.contain(join(path, "out"));
    expect(await fixture.everything(PRIMARY, inputs.stagingId)).to.deep.equal([]);
  });

  it("uploads each of 2,000 small files once: it skips existing ones, uploads a changed one and removes a deleted one", async () => {
    const path = join(fixture.folder, "many");
    await mkdir(path);
    for (let at = 0; at < 2_000; at += 1) await writeFile(join(path, `file ${at}`), `content ${at}`);
    const inputs = stagedInputs(path, { replicateTo: [] });
    const own = stagedData(fixture.dependencies());
    const first = await own.create(inputs, new TestContext());
    expect(first.outputs.fileCount).to.equal(2_000);
    expect((await own.create(inputs, new TestContext())).outputs).to.deep.equal(first.outputs);
    expect(await fixture.everything(PRIMARY, `${inputs.stagingId}/many/file 7`)).to.have.length(111);

    await writeFile(join(path, "file 7"), "changed 7");
    const third = await own.create(inputs, new TestContext());
    expect(third.outputs.sha256).not.to.equal(first.outputs.sha256);
    expect((await fixture.object(PRIMARY, `${first.outputs.key}file 7`)).bytes.toString()).to.equal(
      "changed 7",
    );
    await rm(join(path, "file 8"));
    const context = new TestContext();
    expect((await own.create(inputs, context)).outputs.fileCount).to.equal(1_999);
    expect(context.messages).to.include("Changed since the upload began: file 8 (removed from the entry)");
    expect(await fixture.everything(PRIMARY, `${inputs.stagingId}/many/file 8`)).to.have.length(110);
  });

  describe("on S3", () => {
    const put = (Key: string, Body: string) =>
      fixture.s3
        .of(THIRD)
        .send(new PutObjectCommand({ Bucket: bucketOf(THIRD), Key, Body: Buffer.from(Body) }));

    async function putInParts(key: string, size: number): Promise<Buffer> {
      const { path, bytes } = await fixture.file(`parts ${size}`, size);
      const target = { store: fixture.s3.store(THIRD), bucket: bucketOf(THIRD), key, tags: {} };
      const { file } = await findFile(path, { threads: THREADS });
      const options = {
        plane: fixture.dependencies().plane,
        signal: new TestContext().signal,
        onBytes: () => {},
      };
      await uploadFile(file, target, options);
      return bytes;
    }

    for (const size of [0, 1000, 20 * MIB, 40 * MIB]) {
      it(`copies an object of ${size} bytes from another region, and reuses the copy`, async () => {
        const key = `sources/object ${size}`;
        const bytes = await putInParts(key, size);
        const inputs = stagedInputs(`s3://${bucketOf(THIRD)}/${key}`, { replicateTo: [] });
        const own = stagedData(fixture.dependencies());
        const { outputs } = await own.create(inputs, new TestContext());
        expect(outputs).to.include({
          kind: "file",
          filename: `object ${size}`,
          sizeBytes: size,
          sha256: sha256(bytes),
        });
        expect((await fixture.object(PRIMARY, outputs.key)).bytes.equals(bytes)).to.equal(true);
        expect((await own.create(inputs, new TestContext())).outputs).to.deep.equal(outputs);
        const replica = await replication(fixture.dependencies()).create(
          replicaOf(outputs, SECOND),
          new TestContext(),
        );
        expect(replica.outputs.objects).to.equal(2);
        expect((await fixture.object(SECOND, outputs.key)).bytes.equals(bytes)).to.equal(true);
      });
    }

    it("omits the SHA-256 on request, and records that", async () => {
      await put("sources/plain", "0123456789");
      const { outputs } = await stage(`s3://${bucketOf(THIRD)}/sources/plain`, { noSha256: true });
      expect(outputs.sha256).to.equal("none");
      const [line] = await manifestOf(outputs, PRIMARY);
      expect(line).to.have.all.keys("type", "path", "size", "etag", "mode");
      const { path } = await fixture.file("local", 1);
      expect(await errorOf(stage(path, { noSha256: true }))).to.be.instanceOf(InputError);
    });

    it("copies 1,500 objects below a prefix, one in parts, with the folder markers of consoles", async () => {
      for (let at = 0; at < 1_500; at += 30) {
        await Promise.all(
          Array.from({ length: 30 }, (_, index) => put(`set/${at + index}/x`, `${at + index}`)),
        );
      }
      const large = await putInParts("set/large", 33 * MIB);
      for (const key of ["set/", "set/0/", "set/empty/"]) await put(key, "");
      const { outputs } = await stage(`s3://${bucketOf(THIRD)}/set/`, { exclude: ["7/"] });
      expect(outputs).to.include({ kind: "directory", filename: "set", fileCount: 1_500 });
      const manifest = await manifestOf(outputs, PRIMARY);
      expect(manifest.filter(({ type }) => type === "directory")).to.deep.equal([
        { type: "directory", path: "empty/", mode: "755" },
      ]);
      for (const entry of manifest) {
        if (entry.type !== "file") continue;
        const expected = entry.path === "large" ? large : Buffer.from(entry.path.split("/")[0] ?? "");
        expect(entry.sha256, entry.path).to.equal(sha256(expected));
      }
      expect((await fixture.object(PRIMARY, `${outputs.key}large`)).bytes.equals(large)).to.equal(true);
    });

    it("is refused if it is missing or contains a key that cannot be a file, and nothing is created", async () => {
      await put("bad/a", "1");
      await put("bad/a-b", "1");
      await put("bad/a/b", "1");
      await put("worse/../x", "1");
      const bucket = bucketOf(THIRD);
      for (const [source, message] of [
        ["s3://spawn-none/key", "there is no bucket spawn-none"],
        [`s3://${bucket}/none`, "there is no object"],
        [`s3://${bucket}/none/`, "there are no objects below"],
        [`s3://${bucket}`, "names no object"],
        [`s3://${bucket}/bad/`, "is a file and a folder at once"],
        [`s3://${bucket}/worse/`, "cannot become a file"],
      ] as const) {
        const inputs = stagedInputs(source);
        const error = await errorOf(stagedData(fixture.dependencies()).create(inputs, new TestContext()));
        expect(error, source).to.be.instanceOf(InputError);
        expect(error.message).to.contain(message);
        expect(await fixture.everything(PRIMARY, inputs.stagingId)).to.deep.equal([]);
      }
    });

    it("is refused if an object changes after the listing", async () => {
      await put("sources/changing", "before");
      const deps = fixture.dependencies();
      const inputs = stagedInputs(`s3://${bucketOf(THIRD)}/sources/changing`, {
        writableAt: new Date(Date.now() + 5_000).toISOString(),
      });
      const context = new TestContext();
      const made = errorOf(stagedData(deps).create(inputs, context));
      while (!context.messages.some((message) => message.includes("Waiting until"))) await sleep(10);
      await put("sources/changing", "after!");
      const error = await made;
      expect(error.message).to.contain("sources/changing changed while it was being uploaded");
    });
  });
});
