import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { replication } from "../../../../provider/replication.ts";
import { stagedData } from "../../../../provider/staged-data.ts";
import { sdkStore } from "../../../../provider/store/client.ts";
import { createS3Clients } from "../../../../provider/store/clients.ts";
import type { ObjectStore } from "../../../../provider/store/object-store.ts";
import type { RegionPresence } from "../../../../provider/transfer/verify/region.ts";
import { checkPresence, verifyPresence } from "../../../../provider/transfer/verify/verify.ts";
import type { StagedDataOutputs } from "../../../../staging/resources/staged-data.ts";
import { errorOf } from "../../../support/failure.ts";
import {
  bucketOf,
  CloudFixture,
  PRIMARY,
  replicaInputs,
  SECOND,
  stagedInputs,
  TestContext,
  THIRD,
} from "../../cloud-fixture.ts";

describe("The verification of an entry's regions", () => {
  const fixture = CloudFixture.forSuite();

  /** Stages a source in two regions. */
  async function stage(source: string): Promise<StagedDataOutputs> {
    const deps = fixture.dependencies();
    const { outputs } = await stagedData(deps).create(
      stagedInputs(source, { replicateTo: [] }),
      new TestContext(),
    );
    await replication(deps).create(replicaInputs(outputs, SECOND), new TestContext());
    return outputs;
  }

  async function tree(): Promise<StagedDataOutputs> {
    const folder = join(fixture.folder, `tree-${Math.random()}`);
    await mkdir(join(folder, "sub"), { recursive: true });
    for (let index = 0; index < 12; index += 1) {
      await writeFile(join(folder, index % 2 === 0 ? "sub" : "", `${index}.txt`), `content ${index}`);
    }
    return stage(folder);
  }

  const copy = (region: string, bucket = bucketOf(region)) => ({
    ...{ region, bucket },
    store: fixture.s3.store(region),
  });
  const check = (entry: StagedDataOutputs, copies = [copy(PRIMARY), copy(SECOND)]) =>
    checkPresence(entry, copies, new AbortController().signal);
  const states = (found: readonly RegionPresence[]) => found.map(({ state }) => state);
  const remove = (region: string, Key: string) =>
    fixture.s3.of(region).send(new DeleteObjectCommand({ Bucket: bucketOf(region), Key }));
  const overwrite = (region: string, Key: string, Body: string | Buffer, Metadata = {}) =>
    fixture.s3.of(region).send(new PutObjectCommand({ Bucket: bucketOf(region), Key, Body, Metadata }));

  it("distinguishes complete, missing, truncated, different and unreachable copies of a file", async () => {
    const { path, bytes } = await fixture.file("one.bin", 2_000);
    const entry = await stage(path);
    expect(states(await check(entry))).to.deep.equal(["whole", "whole"]);

    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const store = sdkStore({ send: () => Promise.reject(refused) }, PRIMARY);
    const unreachable = { ...copy(PRIMARY), store };
    expect(states(await check(entry, [unreachable, copy(SECOND)]))).to.deep.equal(["unreachable", "whole"]);

    await overwrite(SECOND, entry.key, bytes.subarray(1));
    const [, cut] = await check(entry);
    expect(cut).to.include({ state: "different", holdsSome: true });
    expect(cut?.why).to.match(/has 1999 bytes instead of 2000/);

    await overwrite(SECOND, entry.key, Buffer.alloc(2_000));
    expect((await check(entry))[1]?.why).to.match(/another program wrote/);

    // A copy keeps this program's mark, which does not make other bytes correct.
    await overwrite(SECOND, entry.key, Buffer.alloc(2_000), { "spawn-part-size": "0" });
    expect((await check(entry))[1]?.why).to.match(/another checksum and another ETag/);

    // The same bytes without spawn's metadata are equal.
    await overwrite(SECOND, entry.key, bytes);
    expect(states(await check(entry))).to.deep.equal(["whole", "whole"]);

    await remove(SECOND, entry.key);
    expect((await check(entry))[1]).to.include({ state: "missing", holdsSome: true });
    await remove(SECOND, entry.manifestKey);
    expect((await check(entry))[1]).to.include({ state: "missing", holdsSome: false });
    expect(states(await check(entry, [copy(PRIMARY), copy(SECOND, "spawn-test-nowhere")]))).to.deep.equal([
      "whole",
      "missing",
    ]);
  });

  it("finds a missing or different manifest of a file", async () => {
    const { path } = await fixture.file("two.bin", 10);
    const entry = await stage(path);
    await overwrite(SECOND, entry.manifestKey, "nothing");
    expect(states(await check(entry))).to.deep.equal(["whole", "different"]);
    await remove(PRIMARY, entry.manifestKey);
    expect(states(await check(entry))).to.deep.equal(["missing", "different"]);
  });

  it("finds one missing, different or unknown object of a directory, in either region", async () => {
    const entry = await tree();
    expect(states(await check(entry))).to.deep.equal(["whole", "whole"]);
    const extra = `${entry.stagingId}/zzz`;
    for (const region of [PRIMARY, SECOND]) {
      const expected = (state: string) => (region === PRIMARY ? [state, "whole"] : ["whole", state]);
      await overwrite(region, extra, "x");
      expect(states(await check(entry))).to.deep.equal(expected("different"));
      await remove(region, extra);
      await overwrite(region, `${entry.key}3.txt`, "CONTENT 3");
      const found = await check(entry);
      expect(states(found)).to.deep.equal(expected("different"));
      expect(found.find(({ why }) => why !== undefined)?.why).to.contain("3.txt");
      await remove(region, `${entry.key}3.txt`);
      expect(states(await check(entry))).to.deep.equal(expected("missing"));
      await overwrite(region, `${entry.key}3.txt`, "content 3", {
        "spawn-part-size": "0",
        "spawn-sha256": "0".repeat(64),
      });
      expect(states(await check(entry))).to.deep.equal(expected("different"));
      await remove(region, `${entry.key}3.txt`);
      await overwrite(region, `${entry.key}3.txt`, "content 3", { "spawn-part-size": "0" });
      expect(states(await check(entry))).to.deep.equal(["whole", "whole"]);
    }
  });

  it("does not trust a manifest by its metadata, and uses the next region's", async () => {
    const entry = await tree();
    const marks = { "spawn-part-size": "0", "spawn-sha256": entry.manifestSha256 };
    const header = '{"version":1,"kind":"directory"}\n';
    const file = (path: string) =>
      `${JSON.stringify({ type: "file", path, size: 1, sha256: "0".repeat(64), mode: "644" })}\n`;
    const forged = {
      "an empty tree": header,
      "a path to another entry": header + file("../../stage-000000000bad/x"),
      "another tree": header + file("x"),
      "more files than were staged":
        header + Array.from({ length: 99 }, (_, at) => file(`a${at + 100}`)).join(""),
      "no text": Buffer.from([0xff, 0xfe]),
      "a line without end": Buffer.alloc(1_000_000, "x"),
    };
    for (const [what, body] of Object.entries(forged)) {
      await overwrite(PRIMARY, entry.manifestKey, body, marks);
      const found = await check(entry);
      expect(states(found), what).to.deep.equal(["different", "whole"]);
      expect(found[0]?.why).to.contain("is not the recorded manifest: ");
    }
    await overwrite(SECOND, entry.manifestKey, header, marks);
    expect(states(await check(entry))).to.deep.equal(["different", "different"]);
  });

  it("reports whether a directory without any manifest still has objects", async () => {
    const entry = await tree();
    await remove(PRIMARY, entry.manifestKey);
    expect(states(await check(entry))).to.deep.equal(["missing", "whole"]);
    await remove(SECOND, entry.manifestKey);
    const found = await check(entry, [copy(PRIMARY), copy(SECOND), copy(THIRD)]);
    expect(states(found)).to.deep.equal(["missing", "missing", "missing"]);
    expect(found.map(({ holdsSome }) => holdsSome)).to.deep.equal([true, true, false]);
  });

  describe("of a directory with a manifest that exceeds the buffers of a connection", () => {
    const STALL_MS = 300;
    const FILES = 250;
    let entry: StagedDataOutputs;
    let store: ObjectStore;
    before(async () => {
      const source = join(fixture.folder, "long paths");
      const folder = join(source, ...["a", "b", "c", "d"].map((letter) => letter.repeat(220)));
      await mkdir(folder, { recursive: true });
      for (let at = 0; at < FILES; at += 1) await writeFile(join(folder, `${at}`), `${at}`);
      const inputs = stagedInputs(source, { replicateTo: [] });
      ({ outputs: entry } = await stagedData(fixture.dependencies()).create(inputs, new TestContext()));
      store = createS3Clients({ stallTimeoutMs: STALL_MS }).store(PRIMARY);
    });
    const at = (slow: ObjectStore) => [{ ...copy(PRIMARY), store: slow }];
    const variable = process.env["TMPDIR"];
    let temporary: string;
    beforeEach(async () => {
      temporary = await mkdtemp(join(fixture.folder, "temporary "));
      process.env["TMPDIR"] = temporary;
    });
    afterEach(() => {
      if (variable === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = variable;
    });

    it("takes longer for its files than a connection may stall", async () => {
      let heads = 0;
      const slow: ObjectStore = {
        ...store,
        head: async (input, signal) => {
          if (input.key.startsWith(entry.key)) heads += 1;
          if (heads > 0 && heads <= 32) await sleep(4 * STALL_MS);
          return store.head(input, signal);
        },
      };
      let files = 0;
      const options = {
        signal: new AbortController().signal,
        onBytes: () => {},
        onObject: () => (files += 1),
      };
      expect(states(await verifyPresence(entry, at(slow), options))).to.deep.equal(["whole"]);
      expect(files).to.equal(FILES);
      expect(await readdir(temporary)).to.deep.equal([]);
    });

    it("waits for a listing longer than a connection may stall", async () => {
      const slow: ObjectStore = {
        ...store,
        listObjects: async function* (input, signal) {
          await sleep(4 * STALL_MS);
          yield* store.listObjects(input, signal);
        },
      };
      expect(states(await checkPresence(entry, at(slow), new AbortController().signal))).to.deep.equal([
        "whole",
      ]);
    });

    it("deletes its temporary file if it is stopped", async () => {
      const stop = new AbortController();
      const options = {
        signal: stop.signal,
        onBytes: () => {},
        onObject: () => stop.abort(new Error("stop")),
      };
      expect((await errorOf(verifyPresence(entry, at(store), options))).message).to.equal("stop");
      expect(await readdir(temporary)).to.deep.equal([]);
    });
  });
});
