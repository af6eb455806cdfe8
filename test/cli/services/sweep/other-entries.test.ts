import { Readable } from "node:stream";
import { expect } from "chai";
import { otherEntries } from "../../../../cli/services/sweep/other-entries.ts";
import { sdkStore } from "../../../../provider/store/client.ts";
import type { SdkClient } from "../../../../provider/store/sdk-client.ts";
import { parseAccountId } from "../../../../staging/accounts.ts";
import { parseEnvironmentSettings } from "../../../../staging/environment-values.ts";
import { InputError } from "../../../../staging/errors.ts";
import { manifestKey, manifestLine } from "../../../../staging/manifest.ts";
import { parseRegion, type Region } from "../../../../staging/regions.ts";
import {
  parseStageDestinations,
  type StageBuckets,
  type StageDestinations,
} from "../../../../staging/sweep/stage-options.ts";
import { errorOf } from "../../../support/failure.ts";

const ID = "stage-abc123def456";
const OWNER = parseAccountId("111111111111");
const OWN = parseAccountId("222222222222");
const [EAST, WEST] = [parseRegion("us-east-1"), parseRegion("us-west-2")];
const UPLOADED = new Date("2026-11-10T12:00:00Z");
const POINT = `arn:aws:s3:us-east-1:${OWNER}:accesspoint/spawn-${ID}`;

const sha256 = "a".repeat(64);
const FILE = [
  manifestLine({ version: 1, kind: "file" }),
  manifestLine({ type: "file", path: "reference.fasta", size: 1_000, sha256, mode: "644" }),
].join("");
const TREE = [
  manifestLine({ version: 1, kind: "directory" }),
  manifestLine({ type: "file", path: "a", size: 1, sha256, mode: "644" }),
  manifestLine({ type: "link", path: "b", target: "a" }),
  manifestLine({ type: "file", path: "c", size: 2, sha256, mode: "644" }),
].join("");

/** Buckets by name, with the response of each; a status for a refusal. */
type Buckets = Readonly<Record<string, string | 403>>;

function fakeS3(buckets: Buckets, expiration?: string) {
  const asked: string[] = [];
  const client = {
    send: async (command: { input: { Bucket: string; Key?: string } }) => {
      const { Bucket, Key } = command.input;
      const { name } = command.constructor;
      asked.push(`${name} ${Bucket}`);
      const found = buckets[Bucket];
      if (typeof found !== "string") {
        const status = found ?? 404;
        const error = {
          name: status === 403 ? "AccessDenied" : "NotFound",
          $metadata: { httpStatusCode: status },
        };
        throw Object.assign(new Error("refused"), error);
      }
      if (name === "ListObjectsV2Command") return { CommonPrefixes: [{ Prefix: `${ID}/genome/` }] };
      expect(Key).to.equal(manifestKey(ID));
      if (name === "HeadObjectCommand") return { LastModified: UPLOADED, Expiration: expiration };
      return { Body: Readable.from([Buffer.from(found)]) };
    },
  };
  return { store: sdkStore(client as unknown as SdkClient, "us-east-1"), asked };
}

const settingsOf = (cloud: "aws" | "local", bucketPrefix = "mine") =>
  parseEnvironmentSettings("test", { cloud, regions: ["us-east-1", "us-west-2"], bucketPrefix });

const look = (
  buckets: Buckets,
  more: {
    readonly cloud?: "aws" | "local";
    readonly regions?: readonly Region[];
    readonly entries?: readonly string[];
    readonly given?: StageBuckets;
    readonly destinations?: StageDestinations;
    readonly bucketPrefix?: string;
    readonly expiration?: string;
  } = {},
) => {
  const { store, asked } = fakeS3(buckets, more.expiration);
  const context = {
    settings: async () => settingsOf(more.cloud ?? "aws", more.bucketPrefix),
    account: async () => OWN,
    clientConfig: () => Promise.reject(new Error("no client is made")),
  };
  const parameters = {
    entries: more.entries ?? [ID],
    regions: (more.regions ?? []).map((region) => ({ region, count: undefined })),
  };
  const found = otherEntries(
    context,
    OWNER,
    {
      parameters,
      stageBuckets: more.given ?? new Map(),
      stageDestinations: more.destinations ?? new Map(),
    },
    async () => store,
  );
  return { found, asked };
};

const refusal = (run: Promise<unknown>): Promise<InputError> => errorOf(run, InputError);

describe("staged data of another account", () => {
  it("are found by the manifest in buckets with the guide's names", async () => {
    const buckets = { "spawn-staging-us-east-1": FILE, "spawn-staging-us-west-2": FILE };
    const expiration = 'expiry-date="Wed, 18 Nov 2026 00:00:00 GMT", rule-id="spawn-ttl-7"';
    const { entries, datasets, notes } = await look(buckets, { expiration }).found;
    expect(entries).to.deep.equal([
      {
        ...{ stagingId: ID, sizeBytes: 1_000, fileCount: 1, uploadedAt: UPLOADED, ttl: 7, account: OWNER },
        ...{ destination: "/mnt/data/reference.fasta", regions: [EAST, WEST] },
      },
    ]);
    expect(datasets[0]).to.include({ kind: "file", filename: "reference.fasta", account: OWNER });
    expect(datasets[0]?.manifestSha256).to.match(/^[0-9a-f]{64}$/);
    expect(datasets[0]?.copies.map(({ bucket }) => bucket)).to.deep.equal(Object.keys(buckets));
    expect(notes).to.deep.equal([
      `Workers find ${ID} at /mnt/data/reference.fasta, the default: the destination of account ${OWNER} is unknown here. --stage-dest ${ID}=PATH sets another.`,
    ]);
  });

  it("are read through the entry's access point if the bucket refuses", async () => {
    const buckets: Buckets = { "spawn-staging-us-east-1": 403, [POINT]: FILE };
    const { datasets, notes } = await look(buckets, { regions: [EAST] }).found;
    expect(datasets[0]?.copies).to.deep.equal([{ region: EAST, bucket: POINT }]);
    expect(notes.join("\n")).to.contain("The expiry of stage-abc123def456 is unknown here");
  });

  it("are read at the user's location only", async () => {
    const given = new Map([[EAST, ["genome-abc-s3alias"]]]);
    const { found, asked } = look({ "genome-abc-s3alias": TREE }, { regions: [EAST], given });
    const { datasets } = await found;
    expect(datasets[0]).to.include({ kind: "directory", filename: "genome", sizeBytes: 3 });
    expect(new Set(asked.map((text) => text.split(" ")[1]))).to.deep.equal(new Set(["genome-abc-s3alias"]));
  });

  it("have one of several locations each, if each access point belongs to one entry", async () => {
    const given = new Map([[EAST, ["other-abc-s3alias", "genome-abc-s3alias"]]]);
    const { found } = look(
      { "other-abc-s3alias": 403, "genome-abc-s3alias": FILE },
      { regions: [EAST], given },
    );
    expect((await found).datasets[0]?.copies).to.deep.equal([{ region: EAST, bucket: "genome-abc-s3alias" }]);
  });

  it("have the user's destination on the workers", async () => {
    const destinations = parseStageDestinations([`${ID}=/data/genome one.fa`]);
    const buckets = { "spawn-staging-us-east-1": FILE };
    const { entries, datasets, notes } = await look(buckets, { regions: [EAST], destinations }).found;
    expect(entries[0]?.destination).to.equal("/data/genome one.fa");
    expect(datasets[0]?.destination).to.equal("/data/genome one.fa");
    expect(notes.join("\n")).to.not.contain("default");
    const other = parseStageDestinations(["stage-000000000001=/data/x"]);
    const { message, why } = await refusal(look(buckets, { regions: [EAST], destinations: other }).found);
    expect(message).to.equal("--stage-dest names stage-000000000001, which the sweep does not use");
    expect(why).to.contain(ID);
  });

  it("are not searched in the user's own bucket with the guide's name", async () => {
    const own = { bucketPrefix: "spawn-staging-", regions: [EAST] };
    const { found, asked } = look({ "spawn-staging-us-east-1": FILE, [POINT]: FILE }, own);
    expect((await found).datasets[0]?.copies).to.deep.equal([{ region: EAST, bucket: POINT }]);
    expect(asked.some((text) => text.endsWith("spawn-staging-us-east-1"))).to.equal(false);
    const { why, fix } = await refusal(look({}, { ...own, cloud: "local" }).found);
    expect(why).to.equal("us-east-1: that bucket is yours (spawn-staging-us-east-1).");
    expect(fix).to.contain("--stage-bucket us-east-1=ALIAS");
  });

  it("omit a region that does not hold them, with the reason", async () => {
    const { entries, notes } = await look({ "spawn-staging-us-east-1": FILE }, { regions: [EAST, WEST] })
      .found;
    expect(entries[0]?.regions).to.deep.equal([EAST]);
    expect(notes.join("\n")).to.contain("cannot be read in us-west-2: not there");
  });

  it("are refused with the command that the other account must run", async () => {
    const { message, why, fix } = await refusal(
      look({ "spawn-staging-us-east-1": 403 }, { regions: [EAST] }).found,
    );
    expect(message).to.equal(`${ID} of account ${OWNER} cannot be read`);
    expect(why).to.contain("us-east-1: access denied");
    expect(fix).to.contain(`Account ${OWNER} must run: spawn stage update ${ID} --allow-accounts ${OWN}`);
    expect(fix).to.contain("--stage-bucket us-east-1=ALIAS");
  });

  it("need their complete ID, and no ARN with an emulator", async () => {
    const short = await refusal(look({}, { entries: ["stage-abc1"] }).found);
    expect(short.fix).to.contain("Give the whole ID");
    const { found, asked } = look({}, { cloud: "local", regions: [EAST] });
    await refusal(found);
    expect(asked).to.deep.equal(["HeadObjectCommand spawn-staging-us-east-1"]);
  });
});
