import { setTimeout as sleep } from "node:timers/promises";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { sdkStore } from "../../../../provider/store/client.ts";
import { createS3Clients } from "../../../../provider/store/clients.ts";
import { objectMetadata } from "../../../../provider/store/object-facts.ts";
import type { ObjectStore } from "../../../../provider/store/object-store.ts";
import type { SdkClient } from "../../../../provider/store/sdk-client.ts";
import { readTags } from "../../../../provider/store/tagging.ts";
import type { ReplicaResult, RuleFallback } from "../../../../provider/transfer/copy/replica.ts";
import { replicateTree, type TreeJob } from "../../../../provider/transfer/copy/replica-tree.ts";
import { DataPlane } from "../../../../provider/transfer/data-plane.ts";
import { encodeTags } from "../../../../staging/classes.ts";
import { UserError } from "../../../../staging/errors.ts";
import { newStagingId } from "../../../../staging/ids.ts";
import { manifestKey, objectKey } from "../../../../staging/manifest.ts";
import { errorOf } from "../../../support/failure.ts";
import { bucketOf, CloudFixture, PRIMARY, SECOND } from "../../cloud-fixture.ts";

const FILES = 40;
const TAGS = { StagingID: "x", "spawn:ttl-days": "7" };

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: { readonly Key?: string };
}

describe("Replication of a tree", () => {
  const fixture = CloudFixture.forSuite();
  let stagingId: string;
  let sent: string[];
  let results: ReplicaResult[];
  /** Can change the destination's responses. */
  let change: (name: string, answer: Record<string, unknown>) => unknown;
  /** The source's replication status of the objects. */
  let status: string | undefined;
  let bytes: number;

  const keyOf = (name: string): string => objectKey(stagingId, `tree/${name}`);
  const put = (region: string, key: string, body: string, metadata = objectMetadata({ partSize: 0 })) =>
    fixture.s3.of(region).send(
      new PutObjectCommand({
        Bucket: bucketOf(region),
        Key: key,
        Body: body,
        Metadata: metadata,
        Tagging: encodeTags(TAGS),
      }),
    );
  const bodyOf = (index: number): string => `content ${String(index).padStart(2, "0")}`;
  const sealManifest = () => put(PRIMARY, manifestKey(stagingId), "manifest");

  beforeEach(async () => {
    stagingId = newStagingId();
    [sent, results, bytes, status] = [[], [], 0, undefined];
    change = (_name, answer) => answer;
    for (let index = 0; index < FILES; index += 1) await put(PRIMARY, keyOf(`${index}`), bodyOf(index));
    await sleep(1_100); // the manifest is put in another second
    await sealManifest();
  });

  /** A store that records its requests by name and region. */
  function storeIn(region: string): ObjectStore {
    const client = createS3Clients().of(region);
    const send = client.send.bind(client) as (command: Command, options?: object) => Promise<object>;
    const noted = async (command: Command, options?: object) => {
      const name = command.constructor.name.replace("Command", "");
      sent.push(`${region} ${name}`);
      const answer = (await send(command, options)) as Record<string, unknown>;
      if (region === PRIMARY && name === "HeadObject") return { ...answer, ReplicationStatus: status };
      return region === PRIMARY ? answer : change(name, answer);
    };
    return sdkStore({ send: noted } as unknown as SdkClient, region);
  }

  function job(changes: Partial<TreeJob> = {}): TreeJob {
    return {
      plane: new DataPlane(),
      stagingId,
      source: { store: storeIn(PRIMARY), bucket: bucketOf(PRIMARY) },
      destination: { store: storeIn(SECOND), bucket: bucketOf(SECOND) },
      manifestKey: manifestKey(stagingId),
      fileCount: FILES,
      sizeBytes: FILES * bodyOf(0).length,
      method: "copy",
      patience: { baseMs: 600_000, bytesPerSecond: 1e9, firstPollMs: 5, maxPollMs: 20 },
      signal: new AbortController().signal,
      onWait: () => {},
      onBytes: (count) => (bytes += count),
      onObject: (result) => results.push(result),
      ...changes,
    };
  }

  const times = (request: string): number => sent.filter((each) => each === request).length;

  async function expectWhole(): Promise<void> {
    for (let index = 0; index < FILES; index += 1) {
      const { bytes: found } = await fixture.object(SECOND, keyOf(`${index}`));
      expect(found.toString()).to.equal(bodyOf(index));
    }
    expect(bytes).to.equal(FILES * bodyOf(0).length);
    expect(results).to.have.length(FILES + 1);
  }

  it("copies each missing file by one request, with its tags and metadata", async () => {
    await replicateTree(job());
    await expectWhole();
    expect(times(`${SECOND} CopyObject`)).to.equal(FILES + 1);
    // Only the manifest was written in the last second.
    expect(times(`${SECOND} HeadObject`)).to.be.at.most(2);
    expect(times(`${PRIMARY} HeadObject`)).to.be.at.most(2);
    const place = { store: fixture.s3.store(SECOND), bucket: bucketOf(SECOND), key: keyOf("7") };
    expect(await readTags(place, new AbortController().signal)).to.deep.equal(TAGS);

    [sent, results, bytes] = [[], [], 0];
    await replicateTree(job());
    await expectWhole();
    expect(times(`${SECOND} CopyObject`)).to.equal(0);
  });

  it("refuses a file that another program wrote later, even with the same size", async () => {
    await sleep(1_100);
    await put(PRIMARY, keyOf("3"), "CONTENT 03", {});
    const error = await errorOf(replicateTree(job()));
    expect(error).to.be.instanceOf(UserError);
    expect(error.message).to.equal(`s3://${bucketOf(PRIMARY)}/${keyOf("3")} is not what was staged`);
  });

  it("replaces a replica of the same size with other bytes", async () => {
    await put(SECOND, keyOf("5"), "CONTENT 05");
    await replicateTree(job());
    await expectWhole();
  });

  it("checks each copy if ETags are not comparable", async () => {
    change = (name, answer) =>
      name === "CopyObject" ? { ...answer, CopyObjectResult: { ETag: '"encrypted"' } } : answer;
    await replicateTree(job());
    await expectWhole();
    expect(times(`${SECOND} HeadObject`)).to.be.at.least(FILES);
    expect(times(`${SECOND} CopyObject`)).to.equal(FILES + 1);
  });

  it("waits for a rule by listing, and accepts its replicas without a request per file", async () => {
    status = "PENDING";
    let arrived = 0;
    let waits = 0;
    const pending: Promise<unknown>[] = [];
    const bring = (): void => {
      waits += 1;
      const next = Array.from({ length: 10 }, () => arrived++).filter((index) => index < FILES);
      for (const index of next) pending.push(put(SECOND, keyOf(`${index}`), bodyOf(index)));
      if (next.length === 0) pending.push(put(SECOND, manifestKey(stagingId), "manifest"));
    };
    await replicateTree(job({ method: "rule", onWait: bring }));
    await Promise.all(pending);
    await expectWhole();
    expect(waits).to.be.at.least(5);
    expect(times(`${SECOND} CopyObject`)).to.equal(0);
    // The test put the manifest; it is checked and is no replica.
    expect(results.filter(({ via }) => via === "rule")).to.have.length(FILES);
    // A sample of the missing objects in each round, and the manifest.
    expect(times(`${PRIMARY} HeadObject`)).to.be.at.most(16 * waits + 2);
  });

  it("waits for a rule that replaces replicas of an earlier version, instead of a second transfer", async () => {
    status = "PENDING";
    for (let index = 0; index < FILES; index += 1) await put(SECOND, keyOf(`${index}`), bodyOf(index));
    await put(SECOND, keyOf("7"), "earlier 07");
    await sleep(1_100); // the source changes in another second
    await put(PRIMARY, keyOf("7"), bodyOf(7));
    await sleep(1_100);
    await sealManifest();
    await put(SECOND, manifestKey(stagingId), "manifest");
    let replaced: Promise<unknown> | undefined;
    const onWait = () => (replaced ??= put(SECOND, keyOf("7"), bodyOf(7)));
    await replicateTree(job({ method: "rule", onWait }));
    await replaced;
    await expectWhole();
    expect(times(`${SECOND} CopyObject`)).to.equal(0);
  });

  for (const [what, word] of [
    ["has failed", "FAILED"],
    ["took no object", undefined],
  ] as const) {
    it(`copies missing files if the rule ${what}`, async () => {
      status = word;
      await put(SECOND, keyOf("0"), bodyOf(0));
      await replicateTree(job({ method: "rule" }));
      await expectWhole();
      expect(times(`${SECOND} CopyObject`)).to.equal(FILES);
      expect(results.filter(({ via }) => via === "copy").length).to.be.at.least(FILES - 1);
    });
  }

  it("copies files that the rule did not replicate in time, even if one listing outlasts it", async () => {
    status = "PENDING";
    const patience = { baseMs: 0, bytesPerSecond: 1e9, firstPollMs: 5, maxPollMs: 20 };
    const given: RuleFallback[] = [];
    const onFallback = async (one: RuleFallback): Promise<void> => void given.push(one);
    await replicateTree(job({ method: "rule", patience, onFallback }));
    await expectWhole();
    expect(given).to.have.length(1);
    expect(given[0]).to.include({ status: "PENDING", bytes: FILES * bodyOf(0).length });
    expect(given[0]?.waitedMs).to.be.greaterThan(0);
  });

  it("reports a missing file", async () => {
    const error = await errorOf(replicateTree(job({ fileCount: FILES + 1 })));
    expect(error.message).to.match(/is not what was staged$/);
  });
});
