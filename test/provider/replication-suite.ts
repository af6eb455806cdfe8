import {
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { replication } from "../../provider/replication.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import { primaryTags } from "../../staging/classes.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { parseRegion } from "../../staging/regions.ts";
import type { ReplicationInputs } from "../../staging/resources/replication.ts";
import type { StagedDataInputs, StagedDataOutputs } from "../../staging/resources/staged-data.ts";
import { parseTtlDays } from "../../staging/ttl.ts";
import {
  bucketOf,
  CloudFixture,
  PRIMARY,
  replicaInputs,
  SECOND,
  stagedInputs,
  TestContext,
} from "./cloud-fixture.ts";

type Middleware = Parameters<S3Client["middlewareStack"]["add"]>[0];

/** Staged data and the resource that replicates them, on the local cloud of the surrounding suite. */
export function replicationSuite() {
  const fixture = CloudFixture.forSuite();

  const handler = (changes = {}) => replication(fixture.dependencies(changes));

  async function stage(
    name: string,
    size: number,
    changes: Partial<StagedDataInputs> = {},
  ): Promise<{ data: StagedDataOutputs; bytes: Buffer }> {
    const file = await fixture.file(name, size);
    const { outputs } = await stagedData(fixture.dependencies()).create(
      stagedInputs(file.path, changes),
      new TestContext(),
    );
    return { data: outputs, bytes: file.bytes };
  }

  /** Stages data that no rule replicates, and makes it look as if a rule had been responsible. */
  async function stageUnreplicated(...args: Parameters<typeof stage>): ReturnType<typeof stage> {
    const [name, size, changes] = args;
    const staged = await stage(name, size, { ...changes, replicateTo: [] });
    const { region, bucket, manifestKey, stagingId } = staged.data;
    const TagSet = Object.entries(
      primaryTags(parseStagingId(stagingId), parseTtlDays(7), [parseRegion(SECOND)]),
    );
    await fixture.s3.of(region).send(
      new PutObjectTaggingCommand({
        Bucket: bucket,
        Key: manifestKey,
        Tagging: { TagSet: TagSet.map(([Key, Value]) => ({ Key, Value })) },
      }),
    );
    return staged;
  }

  function inputsOf(
    data: StagedDataOutputs,
    region: string,
    changes: Partial<ReplicationInputs> = {},
  ): ReplicationInputs {
    return replicaInputs(data, region, { method: "rule", ...changes });
  }

  async function expectReplica(data: StagedDataOutputs, bytes: Buffer, region: string): Promise<void> {
    const replica = await fixture.object(region, data.key);
    expect(replica.bytes.equals(bytes)).to.equal(true);
    expect(replica.contentType).to.equal("application/octet-stream");
    const heads = await Promise.all(
      [PRIMARY, region].map((place) =>
        fixture.s3.of(place).send(new HeadObjectCommand({ Bucket: bucketOf(place), Key: data.key })),
      ),
    );
    expect(heads[1]?.Metadata).to.deep.equal(heads[0]?.Metadata);
    expect(heads[1]?.ETag).to.equal(heads[0]?.ETag);
    const manifests = await Promise.all(
      [PRIMARY, region].map((place) => fixture.object(place, data.manifestKey)),
    );
    expect(manifests[1]).to.deep.equal(manifests[0]);
  }

  /** The tags of an object that this program copied: no replication tags. */
  async function expectCopyTags(data: StagedDataOutputs, region: string): Promise<void> {
    const command = new GetObjectTaggingCommand({ Bucket: bucketOf(region), Key: data.key });
    const { TagSet } = await fixture.s3.of(region).send(command);
    expect(TagSet).to.have.deep.members([
      { Key: "StagingID", Value: data.stagingId },
      { Key: "spawn:ttl-days", Value: "7" },
    ]);
  }

  /** Clients whose requests in `region` have a middleware around the given command. */
  function clientsWith(region: string, command: string, middleware: Middleware) {
    const clients = createS3Clients({ sdkOnly: true });
    clients.at(region).client.middlewareStack.add(
      (next, context) => {
        const wrapped = middleware(next as never, context as never);
        return (args) => (context.commandName === command ? (wrapped(args as never) as never) : next(args));
      },
      { step: "initialize", name: "test" },
    );
    return clients;
  }

  return { fixture, handler, stage, stageUnreplicated, inputsOf, expectReplica, expectCopyTags, clientsWith };
}
