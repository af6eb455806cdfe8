import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { expiration } from "../../provider/expiration.ts";
import { replication } from "../../provider/replication.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import type { S3Clients } from "../../provider/store/s3-clients.ts";
import { copiedPartSize, partSizeFor } from "../../staging/part-size.ts";
import { copyRequests, type RequestCount, retagRequests, uploadRequests } from "../../staging/requests.ts";
import type { StagedDataOutputs } from "../../staging/resources/staged-data.ts";
import { MIB } from "../../staging/units.ts";
import {
  bucketOf,
  CloudFixture,
  PRIMARY,
  replicaInputs,
  SECOND,
  stagedInputs,
  TestContext,
} from "./cloud-fixture.ts";

const partCount = (size: number, partSize: number): number =>
  partSize === 0 ? 1 : Math.ceil(size / partSize);

/** Requests that AWS charges as PUT, COPY, POST or LIST. */
const PUT = /^(Put|Copy|List|CreateMultipart|CompleteMultipart|UploadPart)/;

/**
 * `--prices aws` computes the number of requests by a formula. This counts them, without requests that only the local cloud needs, such
 * as setting the tags of an object in parts again.
 */
describe("The number of requests of an entry", () => {
  const fixture = CloudFixture.forSuite();
  let counts: Map<string, { put: number; get: number }>;

  function clients(): S3Clients {
    const all = createS3Clients({ sdkOnly: true });
    for (const region of [PRIMARY, SECOND]) {
      all.at(region).client.middlewareStack.add(
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

  /** The formula has no fewer requests than were sent, and at most `slack` and a tenth more. */
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
    it(`is close to the formula: ${name}`, async () => {
      const path = await sourceOf(name, fileCount, size);
      const deps = fixture.dependencies({ s3: clients() });
      const shape = { fileCount, sizeBytes: fileCount * size };
      counts = new Map();
      // No rule: the local cloud replicates some objects by it, without reporting which.
      const wanted = { ...stagedInputs(path), replicateTo: [] };
      const { outputs: data } = await stagedData(deps).create(wanted, new TestContext());
      const own = await expiration(deps).create(expiring(data, PRIMARY, 7), new TestContext());
      expectClose(sent(PRIMARY), uploadRequests(shape), 4);

      counts = new Map();
      const inputs = replicaInputs(data, SECOND, { uploadedAt: data.uploadedAt });
      await replication(deps).create(inputs, new TestContext());
      await expiration(deps).create(expiring(data, SECOND, 7), new TestContext());
      const { source, destination } = copyRequests(shape);
      // Files that were written in the same second as the manifest are checked again, so the number of GETs depends on the time.
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
