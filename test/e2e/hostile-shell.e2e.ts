import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { succeed } from "./support/process.ts";
import { randomFile, World } from "./support/world.ts";

const NOBODY = "http://127.0.0.1:9";

/** Settings that a shell may have for other work; none may affect the local cloud. */
const HOSTILE: Readonly<Record<string, string>> = {
  AWS_PROFILE: "work",
  AWS_REGION: "mars-1",
  AWS_DEFAULT_REGION: "mars-2",
  AWS_SESSION_TOKEN: "token",
  AWS_ENDPOINT_URL_S3: NOBODY,
  AWS_ENDPOINT_URL_S3_CONTROL: NOBODY,
  AWS_ENDPOINT_URL_DYNAMODB: NOBODY,
  AWS_ENDPOINT_URL_IAM: NOBODY,
  AWS_ENDPOINT_URL_STS: "nonsense",
  AWS_CA_BUNDLE: "/nowhere/ca.pem",
  AWS_USE_FIPS_ENDPOINT: "true",
  AWS_USE_DUALSTACK_ENDPOINT: "maybe",
  AWS_RETRY_MODE: "nonsense",
  AWS_MAX_ATTEMPTS: "many",
  AWS_DEFAULTS_MODE: "nonsense",
  AWS_REQUEST_CHECKSUM_CALCULATION: "nonsense",
  AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/none",
  AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere/token",
  AWS_CONTAINER_CREDENTIALS_FULL_URI: NOBODY,
  https_proxy: NOBODY,
  http_proxy: NOBODY,
  grpc_proxy: NOBODY,
  all_proxy: NOBODY,
  HTTPS_PROXY: "socks5://127.0.0.1:9",
  HTTP_PROXY: NOBODY,
  ALL_PROXY: "socks5://127.0.0.1:9",
  NO_PROXY: "example.com",
  NODE_USE_ENV_PROXY: "1",
  PULUMI_CONFIG: "{ no JSON",
  PULUMI_CONFIG_SECRET_KEYS: "no JSON",
  PULUMI_STACK: "other",
  PULUMI_ACCESS_TOKEN: "token",
  PULUMI_API: NOBODY,
  PULUMI_HOME: "/proc/nowhere",
  PULUMI_CREDENTIALS_PATH: "/proc/nowhere",
  PULUMI_CONFIG_PASSPHRASE: "another",
  PULUMI_CONFIG_PASSPHRASE_FILE: "/nowhere",
  PULUMI_DEBUG_PROVIDERS: "aws:1,staging:1",
  PULUMI_DEBUG_LANGUAGES: "nodejs:1",
  PULUMI_NODEJS_MONITOR: "127.0.0.1:9",
  PULUMI_NODEJS_ENGINE: "127.0.0.1:9",
  PULUMI_OPTION_REFRESH: "true",
  PULUMI_OPTION_TARGET: "nothing",
  PULUMI_EXPERIMENTAL: "true",
  PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "false",
  PULUMI_PARALLEL: "0",
  PULUMI_PREFER_YARN: "true",
  PULUMI_RUN_PROGRAM: "true",
  PULUMI_SKIP_CHECKPOINTS: "true",
  PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
  PULUMI_DIY_BACKEND_GZIP: "true",
  PULUMI_DIY_BACKEND_LEGACY_LAYOUT: "true",
  PULUMI_DISABLE_RESOURCE_REFERENCES: "true",
  PULUMI_ENABLE_LEGACY_APPLY: "true",
  OTEL_EXPORTER_OTLP_ENDPOINT: NOBODY,
  TRACEPARENT: "nonsense",
  LANG: "tr_TR.UTF-8",
  LC_ALL: "de_DE.ISO-8859-1",
  TZ: "Pacific/Kiritimati",
  NODE_OPTIONS: "--require ./before.cjs --max-old-space-size=1000",
  NODE_ENV: "development",
  FORCE_COLOR: "3",
  GIT_DIR: "/nowhere",
  GIT_WORK_TREE: "/nowhere",
  PYTHONPATH: "/nowhere",
  PYTHONHOME: "/nowhere",
  PIP_TARGET: "/nowhere",
  CDPATH: "/tmp:/",
  TERM: "dumb",
  COLUMNS: "7",
};

describe("A shell with settings for other work", () => {
  let world: World;
  before(async () => {
    world = await World.make();
    const home = join(world.home, "the user's home");
    const TMPDIR = join(world.home, "a temporary folder");
    await Promise.all([mkdir(join(home, ".aws"), { recursive: true }), mkdir(TMPDIR)]);
    await writeFile(join(home, ".aws", "config"), `[default]\nendpoint_url = ${NOBODY}\nno setting\n`);
    await world.writeFile("before.cjs", Buffer.from(""));
    Object.assign(world.env, HOSTILE, { HOME: home, TMPDIR });
    delete world.env["USER"];
  });
  after(async () => {
    await world?.remove();
  });

  it("does not change the local cloud's behaviour", async () => {
    await succeed(world.spawn("environment", "up"));
    await world.writeFile("data.bin", randomFile(2_000_000));
    const id = await world.upload(
      "data.bin",
      "--regions",
      "us-east-1,us-west-2",
      "--allow-accounts",
      "123456789012",
    );
    const { stdout } = await succeed(world.spawn("stage", "info", id, "--json"));
    expect(JSON.parse(stdout).result).to.include({ staging_id: id, size_bytes: 2_000_000 });
    await succeed(world.spawn("stage", "update", id, "--ttl", "9"));
    await succeed(world.spawn("stage", "delete", id, "--yes"));
    const { code } = await world.spawn("stage", "info", id);
    expect(code).to.not.equal(0);
  });

  it("is fixed for plain pulumi by spawn env, which unsets conflicting settings", async () => {
    delete world.env["NODE_OPTIONS"]; // the module is another folder's
    // The shell keeps the user's passphrase; stacks of the local cloud have the empty one.
    const { stdout } = await succeed(
      world.pulumi("env; PULUMI_CONFIG_PASSPHRASE= pulumi preview -s dev 2>&1"),
    );
    expect(stdout)
      .to.match(/\b\d+ unchanged/)
      .and.to.not.match(/\bto (create|update|replace|delete)\b/);
    expect(stdout).to.not.match(/^(AWS_PROFILE|AWS_ENDPOINT_URL_S3|AWS_CA_BUNDLE|PULUMI_STACK)=/m);
    expect(stdout).to.match(/^AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+$/m);
    expect(stdout)
      .to.match(/^PULUMI_CONFIG_PASSPHRASE=another$/m)
      .and.to.match(/^PULUMI_CONFIG_PASSPHRASE_FILE=\/nowhere$/m);
  });

  it("is named where AWS_ENDPOINT_URL replaces the local cloud", async () => {
    for (const name of Object.keys(world.env)) if (/^AWS_|^HTTPS_PROXY$/.test(name)) delete world.env[name];
    delete world.env["FORCE_COLOR"];
    Object.assign(world.env, { AWS_ENDPOINT_URL: NOBODY, HOME: join(world.home, "empty") });
    const { code, stderr } = await world.spawn("stage", "list");
    expect(code).to.equal(1);
    expect(stderr)
      .to.match(/http:\/\/127\.0\.0\.1:9 is not answering/)
      .and.match(/unset it/);
    Object.assign(world.env, { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" });
    await succeed(world.spawn("stage", "list"));
  });
});
