import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { stagedData } from "../../provider/staged-data.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import { UserError } from "../../staging/errors.ts";
import { MIB } from "../../staging/units.ts";
import { errorOf } from "../support/failure.ts";
import { type ProxiedRequest, TestProxy } from "../support/proxy.ts";
import { bucketOf, CloudFixture, PRIMARY, stagedInputs, TestContext, THIRD } from "./cloud-fixture.ts";

const SOURCE = bucketOf(THIRD);

describe("A source in a Requester Pays bucket", () => {
  let fixture: CloudFixture;
  let proxy: TestProxy;
  before(async () => {
    fixture = await CloudFixture.start();
    proxy = await TestProxy.start(fixture.cloud.endpoint);
    for (const [key, size] of [
      ["small", 1000],
      ["large", 40 * MIB],
      ["below/a", 10],
      ["below/b", 10],
    ] as const) {
      const Body = Buffer.alloc(size, key);
      await fixture.s3.of(THIRD).send(new PutObjectCommand({ Bucket: SOURCE, Key: key, Body }));
    }
    // Like S3: refuses every request that does not accept the charges.
    proxy.fault = (request) => (reads(request) && !accepts(request) ? { answer: DENIED } : undefined);
  });
  after(async () => {
    await proxy.stop();
    await fixture.stop();
  });

  // HeadBucket has no such input, and even its refusal names the region.
  const reads = ({ method, path, headers }: ProxiedRequest): boolean =>
    (path.startsWith(`/${SOURCE}`) && !(method === "HEAD" && /^\/[^/]+\/?$/.test(path))) ||
    String(headers["x-amz-copy-source"] ?? "").startsWith(`${SOURCE}/`);
  const accepts = ({ headers }: ProxiedRequest): boolean => headers["x-amz-request-payer"] === "requester";
  const stage = (key: string, requestPayer: boolean) => {
    const config = { endpoint: proxy.endpoint, forcePathStyle: true };
    const deps = fixture.dependencies({ s3: createS3Clients({ config }) });
    const inputs = stagedInputs(`s3://${SOURCE}/${key}`, { replicateTo: [], requestPayer });
    return stagedData(deps).create(inputs, new TestContext());
  };

  for (const key of ["small", "large", "below/"]) {
    it(`is staged when the user accepts the charges: ${key}`, async () => {
      proxy.requests.length = 0;
      const { outputs } = await stage(key, true);
      const requests = proxy.requests.filter(reads);
      expect([...new Set(requests.map(({ method }) => method))].sort()).to.deep.equal(["GET", "HEAD", "PUT"]);
      expect(requests.every(accepts)).to.equal(true);
      // No other request accepts charges.
      expect(proxy.requests.filter((request) => accepts(request) && !reads(request))).to.deep.equal([]);
      expect(outputs.bucket).to.equal(bucketOf(PRIMARY));
    });

    it(`is refused with the option that accepts the charges: ${key}`, async () => {
      const error = (await errorOf(stage(key, false))) as UserError;
      expect(error).to.be.instanceOf(UserError);
      expect(error.message).to.equal("download failed: 403 Forbidden");
      expect(error.fix).to.contain("--request-payer");
    });
  }

  it("does not suggest the option if it was given", async () => {
    const { fault } = proxy;
    proxy.fault = (request) => (reads(request) ? { answer: DENIED } : undefined);
    const error = (await errorOf(stage("small", true))) as UserError;
    proxy.fault = fault;
    expect(error.message).to.equal("download failed: 403 Forbidden");
    expect(error.fix).not.to.contain("--request-payer");
  });
});

const DENIED = {
  status: 403,
  body: "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
};
