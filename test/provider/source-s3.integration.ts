import { execFileSync } from "node:child_process";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { Dependencies } from "../../provider/deps.ts";
import { replication } from "../../provider/replication.ts";
import { stagedData } from "../../provider/staged-data.ts";
import type { RequestSender } from "../../provider/store/operations.ts";
import { s3Clients } from "../../provider/store/s3-clients.ts";
import { findS3Source } from "../../provider/transfer/source/s3.ts";
import type { SourceEntry } from "../../provider/transfer/source/source.ts";
import { InputError, type UserError } from "../../staging/errors.ts";
import { newStagingId } from "../../staging/ids.ts";
import type { StagedDataInputs } from "../../staging/resources/staged-data.ts";
import { MIB } from "../../staging/units.ts";
import { errorOf } from "../support/failure.ts";
import {
  bucketOf,
  CloudFixture,
  PRIMARY,
  replicaInputs,
  SECOND,
  stagedInputs,
  TestContext,
  THIRD,
} from "./cloud-fixture.ts";

describe("A source on S3", () => {
  const fixture = CloudFixture.forSuite();

  const Bucket = bucketOf(THIRD);
  const put = (Key: string, Body: string) =>
    fixture.s3.of(THIRD).send(new PutObjectCommand({ Bucket, Key, Body }));
  const { signal } = new AbortController();
  const find = (url: string, options: { exclude?: string[]; entryId?: string } = {}) =>
    findS3Source(url, { ...options, clients: fixture.s3, signal });
  const stage = (source: string, changes: Partial<StagedDataInputs> = {}, deps: Partial<Dependencies> = {}) =>
    stagedData(fixture.dependencies(deps)).create(
      stagedInputs(source, { replicateTo: [], ...changes }),
      new TestContext(),
    );

  describe("with keys that cannot be files", () => {
    /** The patterns that a shell would pass if the user pasted an error's suggestions one by one. */
    function remediesOf({ fix = "" }: UserError): string[][] {
      const remedies = fix.match(/--exclude '(?:[^']|'\\'')*'(?: --exclude '(?:[^']|'\\'')*')*/g) ?? [];
      return remedies.map((text) => {
        const words = execFileSync("bash", ["-c", `printf '%s\\0' ${text}`])
          .toString()
          .split("\0");
        return words.filter((word) => word !== "" && word !== "--exclude");
      });
    }
    async function paths(url: string, exclude: string[]): Promise<string[]> {
      const source = await find(url, { exclude });
      if (source.kind === "file") throw new Error("it is one file");
      const found: string[] = [];
      for await (const entry of source.entries(signal)) found.push((entry as SourceEntry).path);
      return found;
    }

    for (const [name, odd] of [
      ["content", "sub/"],
      ["empty", "x//y"],
      ["up", "../up"],
      ["here", "a/./b"],
      ["root", "/abs"],
      ["slashes", "//"],
      ["quote", "o'clock*//[a] ?"],
    ] as const) {
      it(`stages the rest of the prefix after the suggested fix: ${odd}`, async () => {
        const folder = `odd/${name}/`;
        await put(`${folder}${odd}`, "content");
        await put(`${folder}kept`, "content");
        const url = `s3://${Bucket}/${folder}`;
        const error = (await errorOf(find(url))) as UserError;
        expect(error).to.be.instanceOf(InputError);
        const remedies = remediesOf(error);
        expect(remedies).to.have.length(1);
        expect(await paths(url, remedies.flat())).to.deep.equal(["kept"]);
      });
    }

    it("names all such keys at once, and stages the rest after the one suggested fix", async () => {
      const long = "l".repeat(1_010);
      for (const key of ["a//b", "a/kept", "b/", "c", "c/d", "c/e", "../x", long, "kept"]) {
        await put(`odd/many/${key}`, "content");
      }
      const url = `s3://${Bucket}/odd/many/`;
      const error = (await errorOf(find(url))) as UserError;
      expect(error.message).to.equal(`5 keys below ${url} cannot become files`);
      const remedies = remediesOf(error);
      expect(remedies).to.have.length(1);
      expect(await paths(url, remedies.flat())).to.deep.equal(["a/kept", "c", "kept"]);
    });

    it("stages the file or the folder of one name, with either suggested fix", async () => {
      for (const key of ["a", "a/b", "a/c/d", "kept"]) await put(`odd/both/${key}`, "content");
      const url = `s3://${Bucket}/odd/both/`;
      const remedies = remediesOf((await errorOf(find(url))) as UserError);
      expect(await Promise.all(remedies.map((exclude) => paths(url, exclude)))).to.deep.equal([
        ["a", "kept"],
        ["a/b", "a/c/d", "kept"],
      ]);
    });

    it("needs another name if its prefix has none", async () => {
      await put("odd/nameless//x", "content");
      const url = `s3://${Bucket}/odd/nameless//`;
      const error = (await errorOf(find(url))) as UserError;
      expect(error.fix).to.contain("--name NAME");
      const { outputs } = await stage(url, { name: "named" });
      expect(outputs).to.include({ filename: "named", fileCount: 1 });
    });
  });

  describe("that contains its own entry", () => {
    it("is refused before any creation, in every bucket of the environment", async () => {
      await put("notes.txt", "content");
      for (const environmentBuckets of [[Bucket], [bucketOf(PRIMARY), Bucket]]) {
        const inputs = { ...stagedInputs(`s3://${Bucket}/`, { environmentBuckets }) };
        const checked = await stagedData(fixture.dependencies()).check?.(
          inputs,
          undefined,
          new TestContext(),
        );
        expect(checked?.failures?.[0]?.reason).to.contain("overlaps its own new entry");
      }
      const error = await errorOf(stage(`s3://${bucketOf(PRIMARY)}/`));
      expect(error).to.be.instanceOf(InputError);
    });

    it("is not listed, by whatever name of its bucket", async () => {
      const entryId = newStagingId();
      await put("aliased/before", "content");
      await put(`${entryId}/copy`, "content");
      const error = await errorOf(find(`s3://${Bucket}/`, { entryId, exclude: ["/odd/", "/aliased/"] }));
      expect(error.message).to.contain("overlaps its own new entry");
      const source = await find(`s3://${Bucket}/`, { entryId, exclude: ["/odd/", "/stage-*/"] });
      expect(source).to.include({ fileCount: 2 });
    });

    it("is staged if it is another entry's prefix", async () => {
      const { path } = await fixture.file("once", 10);
      const { outputs: first } = await stage(path);
      const { outputs } = await stage(`s3://${bucketOf(PRIMARY)}/${first.stagingId}/once`, {
        environmentBuckets: [bucketOf(PRIMARY), bucketOf(SECOND)],
      });
      expect(outputs.sha256).to.equal(first.sha256);
    });
  });

  describe("with an object that changes below a prefix", () => {
    for (const [what, change] of [
      ["changed", () => put("moving/1/b", "other")],
      ["vanished", () => fixture.s3.of(THIRD).send(new DeleteObjectCommand({ Bucket, Key: "moving/1/b" }))],
    ] as const) {
      it(`fails by its name: it ${what}`, async () => {
        for (const key of ["a", "b", "c"]) await put(`moving/1/${key}`, key);
        // The object changes at the first copy, after every listing.
        let done: Promise<unknown> | undefined;
        const s3 = s3Clients((region) => {
          const { sender, ...rest } = fixture.s3.at(region);
          const send: RequestSender["send"] = async (operation, input, options) => {
            if ("source" in input) {
              done ??= change();
              await done;
            }
            return await sender.send(operation, input, options);
          };
          return { ...rest, sender: { ...sender, send } };
        });
        const error = await errorOf(stage(`s3://${Bucket}/moving/1/`, {}, { s3 }));
        expect(error.message).to.contain(`s3://${Bucket}/moving/1/b ${what} while it was being uploaded`);
        expect(error).not.to.be.instanceOf(InputError);
      });
    }
  });

  describe("in a bucket with versioning", () => {
    /** The inputs of the requests that read an object to copy or describe it. */
    let read: { versionId?: string | undefined; ifMatch?: string | undefined; bucket: string }[];
    const watched = () =>
      s3Clients((region) => {
        const { sender, ...rest } = fixture.s3.at(region);
        const send: RequestSender["send"] = async (operation, input, options) => {
          if ("source" in input) read.push(input.source);
          if (operation === "checksums" || operation === "get") read.push(input as { bucket: string });
          return await sender.send(operation, input, options);
        };
        return { ...rest, sender: { ...sender, send } };
      });
    const staged = async (key: string) => {
      read = [];
      const { outputs } = await stage(`s3://${Bucket}/${key}`, {}, { s3: watched() });
      return outputs;
    };

    for (const key of ["one", "large", "below/"]) {
      it(`needs no permission for versions, and reads only the version that was found: ${key}`, async () => {
        await put(key.replace(/\/$/, "/file"), "x".repeat(key === "large" ? 40 * MIB : 10));
        await staged(key);
        const ofSource = read.filter(({ bucket }) => bucket === Bucket);
        expect(ofSource.length).to.be.greaterThan(key === "large" ? 2 : 0);
        for (const { versionId } of ofSource) expect(versionId).to.equal(undefined);
        const bytes = ofSource.filter((input) => "ifMatch" in input);
        expect(bytes.length).to.be.greaterThan(0);
        for (const { ifMatch } of bytes) expect(ifMatch).to.match(/\w/);
      });
    }

    it("names the version when it replicates the environment's own object", async () => {
      await put("replicated", "content");
      const outputs = await staged("replicated");
      read = [];
      const replicas = replication(fixture.dependencies({ s3: watched() }));
      await replicas.create(replicaInputs(outputs, SECOND), new TestContext());
      const copies = read.filter(({ bucket, ifMatch }) => bucket === bucketOf(PRIMARY) && ifMatch);
      expect(copies.length).to.be.greaterThan(0);
      for (const { versionId } of copies) expect(versionId).to.match(/\w/);
    });
  });
});
