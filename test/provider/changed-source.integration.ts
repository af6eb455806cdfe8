import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { replication } from "../../provider/replication.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { parseManifest } from "../../staging/manifest.ts";
import type { ReplicationInputs, ReplicationOutputs } from "../../staging/resources/replication.ts";
import type { StagedDataInputs, StagedDataOutputs } from "../../staging/resources/staged-data.ts";
import { Random } from "../faults/random.ts";
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

const SEEDS = 12;

/** The same tests for a directory and for a prefix on S3. */
interface Source {
  readonly location: string;
  put(path: string, content: string): Promise<void>;
  remove(path: string): Promise<void>;
}

describe("A source that changes between upload attempts", () => {
  const fixture = CloudFixture.forSuite();

  async function directory(name: string): Promise<Source> {
    const location = join(fixture.folder, name);
    await mkdir(location);
    return {
      location,
      async put(path, content) {
        await mkdir(join(location, path, ".."), { recursive: true });
        await writeFile(join(location, path), content);
      },
      remove: (path) => rm(join(location, path)),
    };
  }

  function prefix(name: string): Source {
    const client = fixture.s3.of(PRIMARY);
    const place = (path: string) => ({ Bucket: bucketOf(PRIMARY), Key: `sources/${name}/${path}` });
    return {
      location: `s3://${bucketOf(PRIMARY)}/sources/${name}/`,
      async put(path, content) {
        await client.send(new PutObjectCommand({ ...place(path), Body: content }));
      },
      async remove(path) {
        await client.send(new DeleteObjectCommand(place(path)));
      },
    };
  }

  /** Every object under the tree's prefix, by its path. */
  async function stored(region: string, key: string): Promise<Map<string, string>> {
    const { Contents = [] } = await fixture.s3
      .of(region)
      .send(new ListObjectsV2Command({ Bucket: bucketOf(region), Prefix: key }));
    const found = new Map<string, string>();
    for (const { Key = "" } of Contents) {
      found.set(Key.slice(key.length), (await fixture.object(region, Key)).bytes.toString());
    }
    return found;
  }

  /** A resource in the state after `reopenData`, or after a partial failure: its inputs are its outputs. */
  const reopened = <Outputs>(inputs: object): Outputs => inputs as unknown as Outputs;

  const restaged = async (inputs: StagedDataInputs): Promise<StagedDataOutputs> => {
    const { update } = stagedData(fixture.dependencies());
    if (update === undefined) throw new Error("staged data cannot be updated");
    return update("id", reopened<StagedDataOutputs>(inputs), inputs, new TestContext());
  };

  for (const kind of ["directory", "prefix on S3"] as const) {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      it(`leaves a ${kind} in every region that equals its last version (seed ${seed})`, async () => {
        const random = new Random(seed);
        const pick = (count: number): number => random.integer(0, count - 1);
        const name = `${kind} ${seed}`;
        const source = kind === "directory" ? await directory(name) : prefix(name);
        const files = new Map<string, string>();
        const put = async (path: string, content: string) => {
          files.set(path, content);
          await source.put(path, content);
        };
        const remove = async (path: string) => {
          files.delete(path);
          await source.remove(path);
        };
        const change = async () => {
          for (let count = 1 + pick(3); count > 0; count -= 1) {
            const paths = [...files.keys()];
            const path = paths[pick(paths.length)] ?? "a";
            const how = pick(4);
            if (how === 0) await put(`new/${seed} ${pick(1_000)}`, `new ${pick(1_000)}`);
            else if (how === 1) await put(path, `${files.get(path)} and more`);
            else if (how === 2) await put(path, (files.get(path) ?? "").replace(/./, String(pick(10))));
            else if (files.size > 2) await remove(path);
          }
        };
        for (const path of ["a", "b", "sub/c", "sub/d", "z"]) await put(path, `content of ${path}`);

        const data = stagedData(fixture.dependencies());
        const replicas = replication(fixture.dependencies());
        const replicatedAgain = async (wanted: ReplicationInputs): Promise<ReplicationOutputs> => {
          if (replicas.update === undefined) throw new Error("replicas cannot be updated");
          return replicas.update("id", reopened<ReplicationOutputs>(wanted), wanted, new TestContext());
        };
        const inputs: StagedDataInputs = stagedInputs(source.location, { replicateTo: [] });
        const made = new Map<string, string>();
        const stageData = async (isFirst: boolean): Promise<StagedDataOutputs> =>
          isFirst ? (await data.create(inputs, new TestContext())).outputs : await restaged(inputs);
        const stageReplica = async (
          found: StagedDataOutputs,
          region: string,
        ): Promise<ReplicationOutputs> => {
          const wanted = replicaInputs(found, region);
          const before = made.get(region);
          made.set(region, found.manifestSha256);
          return before === undefined
            ? (await replicas.create(wanted, new TestContext())).outputs
            : await replicatedAgain(wanted);
        };

        // Attempts that end after the data, after one replica, or in the middle of the data.
        const begun = new Map(files);
        let found = await stageData(true);
        for (let attempt = 1 + pick(2); attempt > 0; attempt -= 1) {
          if (pick(2) === 0) await stageReplica(found, SECOND);
          await change();
          if (pick(3) === 0) {
            // A rule replicates objects of an attempt that is then interrupted.
            found = await stageData(false);
            for (const path of (await stored(PRIMARY, found.key)).keys()) {
              const key = `${found.key}${path}`;
              await fixture.s3.of(THIRD).send(
                new CopyObjectCommand({
                  ...{ Bucket: bucketOf(THIRD), Key: key },
                  CopySource: encodeURI(`${bucketOf(PRIMARY)}/${key}`),
                }),
              );
            }
            await change();
          }
          if (pick(4) === 0) {
            // The source returns to its state when the replicas were made.
            for (const path of [...files.keys()]) if (!begun.has(path)) await remove(path);
            for (const [path, content] of begun) await put(path, content);
          }
          found = await stageData(false);
        }

        for (const region of [SECOND, THIRD]) await stageReplica(found, region);
        for (const region of [PRIMARY, SECOND, THIRD]) {
          const inRegion = await stored(region, found.key);
          expect([...inRegion].sort(), region).to.deep.equal([...files].sort());
          const manifest = await parseManifest([(await fixture.object(region, found.manifestKey)).bytes]);
          const listed: string[] = [];
          for await (const entry of manifest.entries)
            if (entry.type === "file") listed.push(`${entry.path} ${"size" in entry ? entry.size : ""}`);
          const wanted = [...files].map(([path, content]) => `${path} ${content.length}`);
          expect(listed.sort(), region).to.deep.equal(wanted.sort());
        }
        expect(found.fileCount).to.equal(files.size);
      });
    }
  }

  it("and is empty now removes nothing, because it may not be mounted", async () => {
    const source = await directory("unmounted");
    await source.put("a", "a");
    const inputs = stagedInputs(source.location, { replicateTo: [] });
    const data = stagedData(fixture.dependencies());
    const { outputs } = await data.create(inputs, new TestContext());
    await source.remove("a");
    const error = await errorOf(restaged(inputs));
    expect(error.message).to.contain("is empty now");
    expect([...(await stored(PRIMARY, outputs.key)).keys()]).to.deep.equal(["a"]);
  });

  it("keeps objects of other programs, and names them", async () => {
    const source = await directory("foreign");
    await source.put("a", "a");
    const inputs = stagedInputs(source.location, { replicateTo: [] });
    const data = stagedData(fixture.dependencies());
    const { outputs } = await data.create(inputs, new TestContext());
    const Key = `${outputs.key}theirs`;
    await fixture.s3.of(PRIMARY).send(new PutObjectCommand({ Bucket: bucketOf(PRIMARY), Key, Body: "x" }));
    const error = await errorOf(restaged(inputs));
    expect(error.message).to.contain("theirs").and.contain("is not of");
    expect((await fixture.object(PRIMARY, Key)).bytes.toString()).to.equal("x");
  });
});
