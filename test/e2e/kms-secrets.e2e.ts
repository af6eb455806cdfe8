import { expect } from "chai";
import { startMoto } from "../support/moto.ts";
import { succeed } from "./support/process.ts";
import { sharedWorld, type World } from "./support/world.ts";

const ENVIRONMENT = "sealed";
const FILE = `Pulumi.${ENVIRONMENT}.yaml`;

// The local cloud has no KMS, so moto has the key.
describe("A stack with a KMS key in place of a passphrase", function () {
  this.timeout(300_000);
  let world: World;
  let moto: Awaited<ReturnType<typeof startMoto>>;
  let key: string;

  const pulumi = (command: string, endpoint = moto.endpoint) =>
    world.pulumi(
      `export AWS_ENDPOINT_URL_KMS=${endpoint} PULUMI_CONFIG_PASSPHRASE=of-another-stack\npulumi ${command} -s ${ENVIRONMENT}`,
    );

  before(async () => {
    world = await sharedWorld();
    moto = await startMoto();
    const response = await fetch(moto.endpoint, {
      method: "POST",
      headers: {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "TrentService.CreateKey",
        Authorization: "AWS4-HMAC-SHA256 Credential=any/20261130/us-east-1/kms/aws4_request",
      },
      body: "{}",
    });
    key = ((await response.json()) as { KeyMetadata: { KeyId: string } }).KeyMetadata.KeyId;
    await world.writeProjectFile(
      FILE,
      "config:\n  spawn:cloud: local\n  spawn:regions: [us-east-1]\n  spawn:bucketPrefix: e2e-sealed-\n",
    );
  });
  after(async () => await moto?.stop());

  it("is created as docs/gitops.md says", async () => {
    const provider = `awskms://${key}?region=us-east-1`;
    const init = `pulumi stack init ${ENVIRONMENT} --no-select --secrets-provider="${provider}"`;
    await succeed(world.pulumi(`export AWS_ENDPOINT_URL_KMS=${moto.endpoint}\n${init}`));
    const file = await world.readProjectFile(FILE);
    expect(file)
      .to.contain(`secretsprovider: ${provider}`)
      .and.match(/^encryptedkey: /m);
    expect(file).to.not.contain("encryptionsalt");
  });

  it("is updated by spawn with the key", async () => {
    const before = await world.readProjectFile(FILE);
    const env = { AWS_ENDPOINT_URL_KMS: moto.endpoint, PULUMI_CONFIG_PASSPHRASE: "of-another-stack" };
    await succeed(world.startIn({ env }, "environment", "up", "--environment", ENVIRONMENT, "--yes").ended);
    expect(await world.readProjectFile(FILE)).to.equal(before);
  });

  it("is updated by plain Pulumi without a passphrase", async () => {
    const before = await world.readProjectFile(FILE);
    await succeed(pulumi("up --yes --skip-preview"));
    expect(await world.readProjectFile(FILE)).to.equal(before);
    await succeed(pulumi("preview --expect-no-changes"));
    const { stdout } = await succeed(pulumi("stack export"));
    expect(JSON.parse(stdout).deployment.secrets_providers.type).to.equal("cloud");
  });

  it("is not updated without the key", async () => {
    const { code } = await pulumi("up --yes --skip-preview", "http://127.0.0.1:1");
    expect(code).to.not.equal(0);
  });
});
