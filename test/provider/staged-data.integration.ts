import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { Dependencies } from "../../provider/deps.ts";
import { PartialFailure } from "../../provider/plugin/types.ts";
import { UNKNOWN } from "../../provider/plugin/values.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import { DataPlane } from "../../provider/transfer/data-plane.ts";
import { primaryTags, TTL_TAG, ttlClassAt } from "../../staging/classes.ts";
import { InputError, UserError } from "../../staging/errors.ts";
import { newStagingId, parseStagingId } from "../../staging/ids.ts";
import { asFlag, asKey } from "../../staging/option.ts";
import { isoSeconds, MS_PER_DAY, parseTtlDays } from "../../staging/ttl.ts";
import { MIB } from "../../staging/units.ts";
import { errorOf } from "../support/failure.ts";
import {
  bucketOf,
  CloudFixture,
  PRIMARY,
  SECOND,
  stagedInputs,
  TestContext,
  THIRD,
} from "./cloud-fixture.ts";

describe("StagedData", () => {
  const fixture = CloudFixture.forSuite();

  const handler = () => stagedData(fixture.dependencies());

  async function expectStaged(name: string, size: number, parts: boolean): Promise<void> {
    const file = await fixture.file(name, size);
    const context = new TestContext();
    const inputs = stagedInputs(file.path);
    const { id, outputs } = await handler().create(inputs, context);
    expect(id).to.equal(`${PRIMARY}/${inputs.stagingId}`);
    const key = `${inputs.stagingId}/${name}`;
    expect(outputs).to.deep.include({
      ...inputs,
      filename: name,
      kind: "file",
      key,
      sizeBytes: size,
      fileCount: 1,
      sha256: file.sha256,
      partSizeBytes: parts ? 16 * MIB : 0,
    });
    expect(outputs.uploadedAt).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

    const stored = await fixture.object(PRIMARY, key);
    expect(stored.bytes.equals(file.bytes)).to.equal(true);
    expect(stored.contentType).to.equal("application/octet-stream");
    const manifest = (await fixture.object(PRIMARY, outputs.manifestKey)).bytes.toString();
    expect(
      manifest
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown),
    ).to.deep.equal([
      { version: 1, kind: "file" },
      { type: "file", path: name, size, sha256: file.sha256, mode: "644" },
    ]);
    const tags = primaryTags(parseStagingId(inputs.stagingId), parseTtlDays(7), [SECOND, THIRD]);
    expect(await fixture.tagsOf(key)).to.deep.equal(tags);
    expect(await fixture.tagsOf(outputs.manifestKey)).to.deep.equal(tags);

    const last = context.progress.at(-1);
    expect(last).to.deep.equal({
      phase: "upload",
      region: PRIMARY,
      done: size,
      total: size,
      objectsDone: 1,
      objectsTotal: 1,
      finished: true,
    });
    // A read finds it unchanged.
    expect(await handler().read(id, inputs, outputs, context)).to.deep.equal({ id, inputs, outputs });
    await handler().delete(id, outputs, context);
    expect(await fixture.everything(PRIMARY, inputs.stagingId)).to.deep.equal([]);
  }

  const names: [string, string][] = [
    ["an empty file", "empty"],
    ["a name with spaces and quotes", "my \"data\" 'file'.txt"],
    ["a name that is not ASCII", "größe-名前-🧬.fasta"],
    ["a leading dash", "-rf"],
    ["signs that URLs and XML use", "a+b&c=d%20?<e>#f;g,h@i:j!k(l)*m~n.txt"],
    ["255 bytes", `${"ü".repeat(127)}x`],
  ];
  for (const [what, name] of names) {
    it(`stages ${what}`, () => expectStaged(name, name === "empty" ? 0 : 1234, false));
  }
  it("stages a file of just one part's size in one request", () => expectStaged("one part", 16 * MIB, false));
  it("stages a larger file in parts", () => expectStaged("parts größe", 40 * MIB + 7, true));

  it("reuses existing objects, and sends different ones again", async () => {
    for (const size of [1000, 20 * MIB]) {
      const file = await fixture.file(`again ${size}`, size);
      const inputs = stagedInputs(file.path);
      const first = await handler().create(inputs, new TestContext());
      const context = new TestContext();
      const second = await handler().create(inputs, context);
      expect(second.outputs).to.deep.equal(first.outputs);
      expect(context.progress.map(({ phase }) => phase)).not.to.include("upload");
      expect(await fixture.everything(PRIMARY, inputs.stagingId)).to.have.length(2);

      file.bytes[5] = (file.bytes[5] ?? 0) ^ 1;
      await writeFile(file.path, file.bytes);
      const third = await handler().create(inputs, new TestContext());
      expect(third.outputs.sha256).not.to.equal(first.outputs.sha256);
      expect((await fixture.object(PRIMARY, first.outputs.key)).bytes.equals(file.bytes)).to.equal(true);
    }
  });

  it("sets tags that a server ignored, and overwrites another program's object", async () => {
    const file = await fixture.file("foreign", 10);
    const inputs = stagedInputs(file.path);
    const Key = `${inputs.stagingId}/foreign`;
    await fixture.s3
      .of(PRIMARY)
      .send(new PutObjectCommand({ Bucket: bucketOf(PRIMARY), Key, Body: "0123456789" }));
    await handler().create(inputs, new TestContext());
    expect((await fixture.object(PRIMARY, Key)).bytes.equals(file.bytes)).to.equal(true);
  });

  it("refuses bad sources before any creation", async () => {
    for (const source of [join(fixture.folder, "none"), "s3://none/k", "/dev/zero"]) {
      const inputs = stagedInputs(source);
      expect(await errorOf(handler().create(inputs, new TestContext()))).to.be.instanceOf(InputError);
      const checked = await handler().check?.({ ...inputs }, undefined, new TestContext());
      expect(checked?.failures?.map(({ property }) => property)).to.deep.equal(["source"]);
      expect(await fixture.everything(PRIMARY, inputs.stagingId)).to.deep.equal([]);
      // Staged data outlive their source.
      const later = await handler().check?.({ ...inputs }, inputs, new TestContext());
      expect(later?.failures).to.deep.equal([]);
    }
  });

  it("stays in the state if a read of its source fails during the upload, so that a deletion finds its parts", async () => {
    const file = await fixture.file("unreadable", 33 * MIB);
    const inputs = stagedInputs(file.path);
    const plane = new DataPlane();
    const start = plane.files.hash.bind(plane.files);
    const add = async () => ({ code: "EIO", message: "EIO: i/o error, read" });
    plane.files.hash = (fd) => Object.assign(start(fd), { add });
    const own = stagedData(fixture.dependencies({ plane }));
    const error = await errorOf(own.create(inputs, new TestContext()), PartialFailure);
    expect(error.message).to.contain(`${file.path} cannot be read`).and.contain("Check the disk");
    expect(error.outputs).to.deep.equal(inputs);
  });

  for (const [reader, spell, fix] of [
    [
      "a flag for the command line",
      asFlag,
      "With --follow-links, what the link leads to is staged in its place. Or leave the link out with --exclude.",
    ],
    [
      "a key for a declared entry",
      asKey,
      "With followLinks, what the link leads to is staged in its place. Or leave the link out with exclude.",
    ],
  ] as const) {
    it(`names an option as ${reader}`, async () => {
      const folder = join(fixture.folder, `leaving, ${reader}`);
      await mkdir(folder);
      await symlink("/etc/hosts", join(folder, "out"));
      const inputs = stagedInputs(folder);
      const [failure] =
        (await handler().check?.({ ...inputs }, undefined, new TestContext()))?.failures ?? [];
      expect(failure?.error?.spelled(spell).fix).to.equal(fix);
      const error = await errorOf(handler().create(inputs, new TestContext()), InputError);
      expect(error.spelled(spell).fix).to.equal(fix);
    });
  }

  it("names the command that creates a missing bucket", async () => {
    const file = await fixture.file("no bucket", 10);
    const error = await errorOf(
      handler().create(stagedInputs(file.path, { bucket: "spawn-none" }), new TestContext()),
    );
    expect(error).not.to.be.instanceOf(PartialFailure);
    expect(error).to.include({
      message: "upload to us-east-1 (bucket spawn-none) failed",
      why: "The bucket does not exist.",
      fix: "spawn environment up",
    });
  });

  it("differs only if the data must move or another region is named", async () => {
    const inputs = stagedInputs("/a");
    const outputs = { uploadedAt: "2026-01-01T00:00:00Z" } as never;
    const diff = (changes: object) => handler().diff("id", inputs, outputs, { ...inputs, ...changes });
    const none = { replaces: [], updates: [], deleteBeforeReplace: true };
    expect(diff({ source: "/b", ttlDays: 9, writableAt: "2026-01-01T00:00:00Z" })).to.deep.equal(none);
    expect(diff({ replicateTo: [SECOND] })).to.deep.equal({ ...none, updates: ["replicateTo"] });
    for (const name of ["stagingId", "region", "bucket"]) {
      expect(diff({ [name]: "other" })).to.deep.equal({ ...none, replaces: [name] });
    }
    // A partially failed creation.
    const unfinished = await handler().diff("id", inputs, inputs as never, inputs);
    expect(unfinished).to.deep.equal({ ...none, updates: ["source"] });
  });

  it("records an update of the regions without moving data", async () => {
    const file = await fixture.file("update", 10);
    const inputs = stagedInputs(file.path);
    const { id, outputs } = await handler().create(inputs, new TestContext());
    const news = { ...inputs, replicateTo: [SECOND] };
    for (const _ of [1, 2]) {
      const updated = await handler().update?.(id, outputs, news, new TestContext());
      expect(updated).to.deep.equal({ ...outputs, replicateTo: [SECOND] });
    }
    expect(await fixture.everything(PRIMARY, inputs.stagingId)).to.have.length(2);
  });

  it("stages lost data again, reuses restored data, and names the fix if the source is gone", async () => {
    const file = await fixture.file("lost", 10);
    const inputs = stagedInputs(file.path);
    const { id, outputs } = await handler().create(inputs, new TestContext());
    const lost = { ...outputs, lost: "it is missing" };
    expect(await handler().diff(id, inputs, lost, inputs)).to.have.deep.property("updates", ["source"]);
    expect(await handler().diff(id, inputs, outputs, inputs)).to.have.deep.property("updates", []);
    const update = (context = new TestContext()) => handler().update?.(id, lost, inputs, context);
    expect(await update()).to.deep.equal(outputs);
    await handler().delete(id, outputs, new TestContext());
    expect(await update()).to.deep.include({ sha256: outputs.sha256, key: outputs.key });
    expect(await handler().read(id, inputs, lost, new TestContext())).to.deep.equal({ id, inputs, outputs });
    await handler().delete(id, outputs, new TestContext());
    await rm(file.path);
    const error = await errorOf(Promise.resolve(update()));
    expect(error).to.be.instanceOf(UserError).and.to.have.property("fix").that.contains("spawn stage repair");
  });

  it("gives restaged data the expiry of the entry", async () => {
    const file = await fixture.file("partly lost", 10);
    const inputs = stagedInputs(file.path);
    const { id, outputs } = await handler().create(inputs, new TestContext());
    const uploaded = new Date(Date.now() - 3 * MS_PER_DAY);
    const lost = { ...outputs, uploadedAt: isoSeconds(uploaded), lost: "the manifest is missing" };
    const Bucket = bucketOf(PRIMARY);
    await fixture.s3.of(PRIMARY).send(new DeleteObjectCommand({ Bucket, Key: outputs.manifestKey }));
    await handler().update?.(id, lost, inputs, new TestContext());
    const { LastModified = new Date(0) } = await fixture.s3
      .of(PRIMARY)
      .send(new HeadObjectCommand({ Bucket, Key: outputs.manifestKey }));
    const ttl = ttlClassAt(parseTtlDays(inputs.ttlDays), uploaded, LastModified);
    expect(await fixture.tagsOf(outputs.manifestKey)).to.have.property(TTL_TAG, String(ttl));
  });

  it("reports deleted or replaced data as lost, but not expired data", async () => {
    const file = await fixture.file("gone", 10);
    const inputs = stagedInputs(file.path);
    const { id, outputs } = await handler().create(inputs, new TestContext());
    const put = (Key: string, Body: string) =>
      fixture.s3.of(PRIMARY).send(new PutObjectCommand({ Bucket: bucketOf(PRIMARY), Key, Body }));
    const read = (from = outputs) => handler().read(id, inputs, from, new TestContext());
    const lossIn = async (from = outputs) => (await read(from))?.outputs.lost;
    await put(outputs.key, "short");
    expect(await lossIn()).to.contain("has 5 bytes");
    await handler().delete(id, outputs, new TestContext());
    const lost = await read();
    expect(lost).to.deep.include({ id, inputs });
    expect(lost?.outputs).to.deep.include(outputs);
    expect(lost?.outputs.lost).to.contain("is missing");
    const nowhere = { ...outputs, bucket: "spawn-none" };
    expect(await lossIn(nowhere)).to.contain("is missing");
    const expired = { ...outputs, uploadedAt: "2020-01-01T00:00:00Z" };
    expect(await read(expired)).to.deep.equal({ id, inputs, outputs: expired });
    const lostBefore = { ...expired, lost: "it was missing" };
    expect(await read(lostBefore)).to.deep.equal({ id, inputs, outputs: expired });
    const updated = await handler().update?.(id, lostBefore, inputs, new TestContext());
    expect(updated).to.deep.equal(expired);
    expect(await fixture.everything(PRIMARY, inputs.stagingId)).to.deep.equal([]);
    await handler().delete(id, nowhere, new TestContext());
    const imported = await errorOf(handler().read(id, undefined, undefined, new TestContext()));
    expect(imported).to.be.instanceOf(InputError);
  });

  it("previews the bytes, the regions and the cost without a second walk, and stages the same", async () => {
    const file = await fixture.file("estimate", 1_234_567);
    const inputs = stagedInputs(file.path, { replicaRegions: [SECOND, THIRD] });
    const [staged, context] = [handler(), new TestContext()];
    expect((await staged.check?.({ ...inputs }, undefined, context))?.failures).to.deep.equal([]);
    // The check has measured the file.
    await rm(file.path);
    const known = await staged.preview?.(inputs, context);
    expect(known).to.include({ sizeBytes: 1_234_567, fileCount: 1 });
    expect(known?.estimatedCost).to.be.greaterThan(0);
    expect(context.messages).to.deep.equal([
      `would move 1.2 MB (1 file) to ${PRIMARY}, and replicate to ${SECOND}, ${THIRD}; estimated cost: <$0.01 for 7 days`,
    ]);
    await writeFile(file.path, file.bytes);
    const { id, outputs } = await staged.create(inputs, context);
    expect(outputs).to.deep.include(known);
    await staged.delete(id, outputs, context);
  });

  it("warns in a preview of a directory without files", async () => {
    const folder = join(fixture.folder, "without files");
    await mkdir(folder);
    const context = new TestContext();
    const checked = await handler().check?.({ ...stagedInputs(folder) }, undefined, context);
    expect(checked?.failures).to.deep.equal([]);
    expect(context.messages).to.deep.equal([`${folder} has no files: the entry will be empty`]);
  });

  it("measures a source in a preview without a check, and knows nothing with unknown inputs", async () => {
    const folder = join(fixture.folder, "estimated");
    await mkdir(folder);
    await writeFile(join(folder, "a"), "12345");
    await writeFile(join(folder, "b"), "123");
    const known = await handler().preview?.(stagedInputs(folder, { writableAt: UNKNOWN }), new TestContext());
    expect(known).to.include({ sizeBytes: 8, fileCount: 2 });
    const unknown = stagedInputs(folder, { bucket: UNKNOWN });
    expect(await handler().preview?.(unknown, new TestContext())).to.deep.equal({});
  });

  it("waits for a bucket that is not yet writable, reports it, and can be interrupted", async () => {
    const file = await fixture.file("wait", 10);
    const writableAt = new Date(Date.now() + 1_200).toISOString();
    const context = new TestContext();
    const started = performance.now();
    await handler().create(stagedInputs(file.path, { writableAt }), context);
    expect(performance.now() - started).to.be.greaterThan(1_000);
    expect(context.messages[0]).to.contain(`Waiting until ${writableAt}`);

    const interrupted = new TestContext();
    const later = stagedInputs(file.path, { writableAt: new Date(Date.now() + 900_000).toISOString() });
    const promise = errorOf(handler().create(later, interrupted));
    while (!interrupted.messages.some((message) => message.includes("Waiting until"))) await sleep(10);
    interrupted.controller.abort(new Error("interrupted"));
    expect((await promise).message).to.equal("interrupted");
  });

  /** Interrupts the call when it begins to send a part. */
  function interruptedAtPart(part: number, context: TestContext): Dependencies {
    const s3 = createS3Clients({ sdkOnly: true });
    s3.at(PRIMARY).client.middlewareStack.add(
      (next) => (args) => {
        if ((args.input as { PartNumber?: number }).PartNumber === part) {
          context.controller.abort(new Error("interrupted"));
        }
        return next(args);
      },
      { step: "initialize", name: "interrupt" },
    );
    return fixture.dependencies({ s3 });
  }

  it("stays in the state after an interruption, and resumes at the next update", async () => {
    const file = await fixture.file("interrupted", 40 * MIB);
    const inputs = stagedInputs(file.path);
    const context = new TestContext();
    const deps = interruptedAtPart(3, context);
    const error = await errorOf(stagedData(deps).create(inputs, context));
    expect(error).to.be.instanceOf(PartialFailure);
    const id = `${PRIMARY}/${inputs.stagingId}`;
    expect(error).to.deep.include({ id, message: "interrupted", outputs: inputs });
    expect(deps.plane.pool.lentBytes).to.equal(0);
    const key = `${inputs.stagingId}/interrupted`;
    expect(await fixture.everything(PRIMARY, inputs.stagingId)).to.deep.equal([`${key} (unfinished)`]);

    const outputs = inputs as never;
    expect(await handler().read(id, inputs, outputs, new TestContext())).to.deep.equal({
      id,
      inputs,
      outputs,
    });
    const updated = await handler().update?.(id, outputs, inputs, new TestContext());
    expect(updated).to.include({ sha256: file.sha256, key });
    expect(await fixture.everything(PRIMARY, inputs.stagingId)).to.deep.equal([
      `${inputs.stagingId}/.spawn-manifest.jsonl`,
      key,
    ]);
  });

  it("deletes replicas of rules that no replication resource has", async () => {
    const file = await fixture.file("orphan", 10);
    const inputs = stagedInputs(file.path);
    const { id, outputs } = await handler().create(inputs, new TestContext());
    expect(await fixture.everything(SECOND, inputs.stagingId)).to.have.length(2);
    for (const _ of [1, 2]) await handler().delete(id, outputs, new TestContext());
    for (const region of [PRIMARY, SECOND, THIRD]) {
      expect(await fixture.everything(region, inputs.stagingId)).to.deep.equal([]);
    }
  });

  it("deletes an incomplete upload, too", async () => {
    const file = await fixture.file("unfinished", 40 * MIB);
    const inputs = stagedInputs(file.path);
    const context = new TestContext();
    await errorOf(stagedData(interruptedAtPart(2, context)).create(inputs, context));
    expect(await fixture.everything(PRIMARY, inputs.stagingId)).to.have.length(1);
    for (const _ of [1, 2]) await handler().delete("id", inputs as never, new TestContext());
    expect(await fixture.everything(PRIMARY, inputs.stagingId)).to.deep.equal([]);
  });

  it("stores its checksum and metadata on the object", async () => {
    const file = await fixture.file("checksum", 10);
    const { outputs } = await handler().create(stagedInputs(file.path), new TestContext());
    const head = await fixture.s3
      .of(PRIMARY)
      .send(new HeadObjectCommand({ Bucket: bucketOf(PRIMARY), Key: outputs.key, ChecksumMode: "ENABLED" }));
    expect(head.ChecksumCRC32).to.match(/^[A-Za-z0-9+/]{6}==$/);
    expect(head.Metadata).to.deep.equal({ "spawn-part-size": "0", "spawn-sha256": file.sha256 });
  });

  it("deletes no other entries, whatever its ID", async () => {
    const file = await fixture.file("other", 10);
    const other = await handler().create(stagedInputs(file.path), new TestContext());
    const before = await fixture.everything(PRIMARY);
    await handler().delete("x", { ...other.outputs, stagingId: newStagingId() }, new TestContext());
    for (const stagingId of ["", "stage-", other.outputs.stagingId.slice(0, 10), "../"]) {
      const error = await errorOf(handler().delete("x", { ...other.outputs, stagingId }, new TestContext()));
      expect(error.message).to.contain("is not a staging ID");
    }
    expect(await fixture.everything(PRIMARY)).to.deep.equal(before);
  });
});
