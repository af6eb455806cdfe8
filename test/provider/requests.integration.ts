import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { expiration } from "../../provider/expiration.ts";
import { replication } from "../../provider/replication.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { createS3Clients, type S3Clients } from "../../provider/store/clients.ts";
import { copiedPartSize, partSizeFor } from "../../staging/part-size.ts";
import { copyRequests, type RequestCount, retagRequests, uploadRequests } from "../../staging/requests.ts";
import type { ReplicationInputs, StagedDataOutputs } from "../../staging/resources.ts";
import { MIB } from "../../staging/units.ts";
import { bucketOf, CloudFixture, PRIMARY, SECOND, stagedInputs, TestContext } from "./cloud-fixture.ts";

const partCount = (size: number, partSize: number): number =>
  partSize === 0 ? 1 : Math.ceil(size / partSize);

/** What AWS charges as PUT, COPY, POST or LIST. */
const PUT = /^(Put|Copy|List|CreateMultipart|CompleteMultipart|UploadPart)/;

/**
 * The amounts of `--prices aws` have requests by a formula. Here they are counted: what the local cloud makes necessary and AWS does
 * not, such as setting the tags of an object in parts again, is left out.
 */
describe("The requests of an entry", function () {
  this.timeout(120_000);
  let fixture: CloudFixture;
  let counts: Map<string, { put: number; get: number }>;
  before(async () => {
    fixture = await CloudFixture.start();
  });
  after(() => fixture.stop());

  function clients(): S3Clients {
    const all = createS3Clients({ sdkOnly: true });
    for (const region of [PRIMARY, SECOND]) {
      all.of(region).middlewareStack.add(
        (next, { commandName = "" }) =>
          (args) => {
            const count = counts.get(region) ?? { put: 0, get: 0 };
            count[PUT.test(commandName) ? "put" : "get"] += 1;
            counts.set(region, count);
            return next(args);
          },
        { step: "initialize", name: "count" },
      );
    }
    return all;
  }

  const sent = (region: string): RequestCount => counts.get(region) ?? { put: 0, get: 0 };

  /** The formula has not less than was sent, and little more: `slack` requests, and a tenth. */
  function expectClose(
    counted: RequestCount,
    formula: RequestCount,
    slack: number,
    kinds: readonly ("put" | "get")[] = ["put", "get"],
  ): void {
    for (const kind of kinds) {
      expect(formula[kind], `${kind} by the formula`).to.be.at.least(counted[kind] - slack);
      expect(formula[kind], `${kind} by the formula`).to.be.at.most(Math.ceil(counted[kind] * 1.1) + slack);
    }
  }

  const expiring = (data: StagedDataOutputs, region: string, ttlDays: number) => ({
    ...{ stagingId: data.stagingId, region, bucket: bucketOf(region), ttlDays },
    ...{ uploadedAt: data.uploadedAt, manifestSha256: data.manifestSha256 },
  });

  for (const [name, fileCount, size] of [
    ["a small file", 1, 1000],
    ["a large file", 1, 200 * MIB],
    ["a directory of many small files", 1010, 10],
    ["a directory of large files", 3, 100 * MIB],
  ] as const) {
    it(`are those of the formula: ${name}`, async () => {
      const path = await sourceOf(name, fileCount, size);
      const deps = fixture.dependencies({ s3: clients() });
      const shape = { fileCount, sizeBytes: fileCount * size };
      counts = new Map();
      // No rule: the local cloud replicates some objects by it, and tells no one.
      const wanted = { ...stagedInputs(path), replicateTo: [] };
      const { outputs: data } = await stagedData(deps).create(wanted, new TestContext());
      const own = await expiration(deps).create(expiring(data, PRIMARY, 7), new TestContext());
      expectClose(sent(PRIMARY), uploadRequests(shape), 4);

      counts = new Map();
      const inputs: ReplicationInputs = {
        ...{ stagingId: data.stagingId, method: "copy", region: SECOND, bucket: bucketOf(SECOND) },
        ...{ sourceRegion: PRIMARY, sourceBucket: bucketOf(PRIMARY), uploadedAt: data.uploadedAt },
        ...{ key: data.key, kind: data.kind, sizeBytes: data.sizeBytes, fileCount: data.fileCount },
        ...{ sha256: data.sha256, manifestKey: data.manifestKey, manifestSha256: data.manifestSha256 },
      };
      await replication(deps).create(inputs, new TestContext());
      await expiration(deps).create(expiring(data, SECOND, 7), new TestContext());
      const { source, destination } = copyRequests(shape);
      // Files that were written in the second of the manifest are looked at once more, so the number of GETs depends on the time.
      expectClose(sent(PRIMARY), source, 4, ["put"]);
      // The local cloud has no checksum of a whole object in parts, so its copy has the source's parts.
      const extra =
        fileCount * (partCount(size, partSizeFor(size)) - partCount(size, copiedPartSize(size, 0)));
      expectClose(sent(SECOND), { ...destination, put: destination.put + extra }, 4, ["put"]);

      counts = new Map();
      await expiration(deps).update?.(own.id, own.outputs, expiring(data, PRIMARY, 9), new TestContext());
      expectClose(sent(PRIMARY), retagRequests(shape), 1);
    });
  }

  async function sourceOf(name: string, fileCount: number, size: number): Promise<string> {
    if (fileCount === 1) return fixture.sparseFile(`${name}.bin`, size);
    const folder = join(fixture.folder, name);
    await mkdir(folder);
    for (let index = 0; index < fileCount; index += 1) {
      if (size > MIB) await fixture.sparseFile(join(name, `${index}`), size);
      else await writeFile(join(folder, `${index}`), "x".repeat(size));
    }
    return folder;
  }
});
