import { expect } from "chai";
import { Context } from "../../cli/context.ts";
import { createDynamoClients } from "../../provider/dynamo-clients.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import type { UserError } from "../../staging/errors.ts";

const VARIABLES = [
  "AWS_ENDPOINT_URL",
  "SPAWN_CLOUD_ENDPOINT",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_ENDPOINT_URL_S3",
  "AWS_ENDPOINT_URL_DYNAMODB",
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "PULUMI_BACKEND_URL",
  "SPAWN_HOME",
];

const noProgress = { onProgress: () => {}, done: () => {} };
const dev = () => new Context("dev", noProgress);

describe("the context of a command", () => {
  const saved = new Map(VARIABLES.map((name) => [name, process.env[name]]));
  const set = (variables: Record<string, string>) => {
    for (const name of VARIABLES) delete process.env[name];
    // An empty configuration.
    Object.assign(process.env, { SPAWN_HOME: "/nowhere/spawn", ...variables });
  };
  afterEach(() => {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  it("refuses an invalid environment name", () => {
    expect(() => new Context("dev.stage", noProgress)).to.throw(/not the name of an environment/);
  });

  it("reads the environment's settings once", async () => {
    const context = dev();
    const settings = await context.settings();
    expect(settings.cloud).to.equal("local");
    expect(await context.settings()).to.equal(settings);
    expect(context.at).to.deep.equal({ environment: "dev", connection: undefined });
  });

  it("uses the user's endpoint, with the user's keys or the local ones", async () => {
    set({ AWS_ENDPOINT_URL: "http://127.0.0.1:9" });
    const plain = await dev().clientConfig("S3", "eu-west-1");
    expect(plain).to.include({ region: "eu-west-1", endpoint: "http://127.0.0.1:9" });
    expect(plain.credentials).to.deep.equal({ accessKeyId: "test", secretAccessKey: "test" });
    set({ AWS_ENDPOINT_URL: "http://127.0.0.1:9", AWS_ACCESS_KEY_ID: "own", AWS_SECRET_ACCESS_KEY: "own" });
    const own = await dev().clientConfig("S3", "eu-west-1");
    expect(own.credentials).to.deep.equal({ accessKeyId: "own", secretAccessKey: "own" });
  });

  it("uses the same endpoint of each service as the provider", async () => {
    set({
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      AWS_ENDPOINT_URL_S3: "http://127.0.0.1:10",
      AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:11",
    });
    const context = dev();
    const providers = [createS3Clients().at("us-east-1").client, createDynamoClients()("us-east-1")];
    for (const [index, service] of (["S3", "DYNAMODB"] as const).entries()) {
      const port = 10 + index;
      const { endpoint } = await context.clientConfig(service, "us-east-1");
      expect(endpoint).to.equal(`http://127.0.0.1:${port}`);
      expect((await providers[index]?.config.endpoint?.())?.port).to.equal(port);
    }
    expect(await context.clientConfig("STS", "us-east-1")).to.include({ endpoint: "http://127.0.0.1:9" });
  });

  it("knows the endpoint for errors after its resolution", async () => {
    set({ AWS_ENDPOINT_URL: "http://127.0.0.1:9" });
    const context = dev();
    expect(await context.endpoint()).to.equal("http://127.0.0.1:9");
    expect(context.at.connection?.endpoints.S3?.url).to.equal("http://127.0.0.1:9");
  });

  it("keeps a local environment's state in the user's data folder, unless the user chose a backend", async () => {
    set({ SPAWN_HOME: "/nowhere/spawn" });
    expect(await dev().stateUrl()).to.equal("file:///nowhere/spawn/data/state");
    set({ PULUMI_BACKEND_URL: "s3://states" });
    expect(await dev().stateUrl()).to.equal("s3://states");
  });

  it("lists the existing environments if one is missing", async () => {
    const error = await new Context("nowhere", noProgress).settings().then(
      () => undefined,
      (reason: UserError) => reason,
    );
    expect(error?.exitCode).to.equal(2);
    expect(error?.why).to.contain("dev");
  });
});
