import { createHash } from "node:crypto";
import { GetObjectTaggingCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { primaryTags, replicaTags } from "../../staging/classes.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { parseRegion } from "../../staging/regions.ts";
import type { StagedDataInputs, StagedDataOutputs } from "../../staging/resources/staged-data.ts";
import { parseTtlDays } from "../../staging/ttl.ts";
import { bucketOf, type CloudFixture, REGIONS } from "../provider/cloud-fixture.ts";

export interface SourceBytes {
  /** As the manifest names it. */
  readonly path: string;
  /** Its name in the entry, after the ID. */
  readonly keyPath: string;
  readonly bytes: Buffer;
}

/** Reads everything back from the cloud, past any proxy. @throws AssertionError if any data differ from the staged data */
export async function assertStagedEverywhere(
  fixture: CloudFixture,
  inputs: StagedDataInputs,
  outputs: StagedDataOutputs | undefined,
  source: readonly SourceBytes[],
): Promise<void> {
  if (outputs === undefined) throw new Error("a success without outputs");
  const { stagingId } = inputs;
  const objects = source.map(({ keyPath, bytes }) => ({ key: `${stagingId}/${keyPath}`, bytes }));
  expect(outputs.sizeBytes).to.equal(source.reduce((sum, { bytes }) => sum + bytes.length, 0));
  const ofFile = source.map(({ bytes }) => sha256(bytes))[0];
  expect(outputs.sha256).to.equal(outputs.kind === "file" ? ofFile : outputs.manifestSha256);
  const keys = [...objects.map(({ key }) => key), outputs.manifestKey].sort();
  for (const region of REGIONS) {
    // Open uploads and delete markers must be gone. Versions from repeated requests expire by a rule.
    expect([...new Set(await fixture.everything(region, stagingId))], region).to.deep.equal(keys);
    for (const { key, bytes } of objects) {
      const found = await fixture.object(region, key);
      expect(found.bytes.equals(bytes), `the bytes of ${key} in ${region}`).to.equal(true);
    }
    const manifest = (await fixture.object(region, outputs.manifestKey)).bytes;
    expect(sha256(manifest), `the manifest in ${region}`).to.equal(outputs.manifestSha256);
    expectManifest(manifest, outputs.kind, source);
    for (const key of keys) await expectTags(fixture, inputs, region, key);
  }
}

function expectManifest(manifest: Buffer, kind: string, source: readonly SourceBytes[]): void {
  const [header, ...files] = manifest
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(header).to.include({ version: 1, kind });
  const listed = files.filter((line) => line["sha256"] !== undefined);
  expect(listed.map(({ path, size, sha256: digest }) => ({ path, size, digest }))).to.have.deep.members(
    source.map(({ path, bytes }) => ({ path, size: bytes.length, digest: sha256(bytes) })),
  );
}

/** A replica has at least its own tags; one that a rule made also has the source's replication tags. */
async function expectTags(
  fixture: CloudFixture,
  { stagingId, ttlDays, replicateTo, region: primary }: StagedDataInputs,
  region: string,
  key: string,
): Promise<void> {
  const answer = await fixture.s3
    .of(region)
    .send(new GetObjectTaggingCommand({ Bucket: bucketOf(region), Key: key }));
  const tags = Object.fromEntries((answer.TagSet ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
  const [id, ttl] = [parseStagingId(stagingId), parseTtlDays(ttlDays)];
  const all = primaryTags(id, ttl, replicateTo.map(parseRegion));
  const what = `the tags of ${key} in ${region}`;
  if (region === primary) expect(tags, what).to.deep.equal(all);
  else expect({ ...all, ...tags }, what).to.deep.equal(all);
  expect(tags, what).to.include(replicaTags(id, ttl));
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
