import { writeFile } from "node:fs/promises";
import { devNull } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { connectionVariables, type Target } from "../../connection/child-variables.ts";
import { resolveConnection } from "../../connection/connection.ts";
import { SERVICES } from "../../connection/endpoints.ts";
import { changed, type Variables } from "../../connection/variables.ts";
import { InputError } from "../../staging/errors.ts";
import { temporaryFolder } from "../support/folder.ts";
import { TEST_AUTHORITY } from "../support/tls.ts";

const CONFIG = `# comment
[default]
region = eu-west-1

[profile work]
region = us-west-2   ; inline
endpoint_url = https://all.example.com
ca_bundle = BUNDLE
services = mine

[profile ignoring]
endpoint_url = https://all.example.com
ignore_configured_endpoint_urls = true

[profile lost]
services = nowhere

[services mine]
s3 =
  endpoint_url = https://s3.example.com
  addressing_style = path
dynamodb =
  endpoint_url = https://dynamodb.example.com
`;

describe("the connection", () => {
  const folder = temporaryFolder("spawn connection ", "suite");
  let files: Variables;
  before(async () => {
    await writeFile(join(folder(), "ca.pem"), `text before\n${TEST_AUTHORITY}`);
    await writeFile(join(folder(), "config"), CONFIG.replace("BUNDLE", join(folder(), "ca.pem")));
    await writeFile(
      join(folder(), "credentials"),
      "[keys]\naws_access_key_id = a\naws_secret_access_key = b\n",
    );
    files = {
      AWS_CONFIG_FILE: join(folder(), "config"),
      AWS_SHARED_CREDENTIALS_FILE: join(folder(), "credentials"),
    };
  });

  const urls = (env: Variables) => {
    const { endpoints } = resolveConnection({ ...files, ...env });
    return SERVICES.map((service) => endpoints[service]?.url);
  };

  it("finds each service's endpoint by the rules of all AWS tools", () => {
    expect(urls({})).to.deep.equal(SERVICES.map(() => undefined));
    const own = new Map([
      ["S3", "https://s3.example.com"],
      ["DYNAMODB", "https://dynamodb.example.com"],
    ]);
    expect(urls({ AWS_PROFILE: "work" })).to.deep.equal(
      SERVICES.map((service) => own.get(service) ?? "https://all.example.com"),
    );
    // A variable takes precedence over the profile, and a service's own over the general one.
    expect(
      urls({ AWS_PROFILE: "work", AWS_ENDPOINT_URL: "http://a:1", AWS_ENDPOINT_URL_STS: "http://b:1" }),
    ).to.deep.equal(SERVICES.map((service) => (service === "STS" ? "http://b:1" : "http://a:1")));
    expect(urls({ AWS_PROFILE: "ignoring" })[0]).to.equal(undefined);
    expect(urls({ AWS_PROFILE: "ignoring", AWS_ENDPOINT_URL_S3: "http://a:1" })[0]).to.equal("http://a:1");
    const ignoring = { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "TRUE" };
    expect(urls({ ...ignoring, AWS_PROFILE: "work", AWS_ENDPOINT_URL: "http://a:1" })[0]).to.equal(undefined);
  });

  it("prefers keys over AWS_PROFILE, and a configured profile over both", () => {
    const keys = { AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" };
    const both = resolveConnection({ ...files, ...keys, AWS_PROFILE: "work" });
    expect(both.keys).to.deep.equal({ accessKeyId: "k", secretAccessKey: "s", sessionToken: "t" });
    expect(both.profile).to.equal(undefined);
    expect(both.region).to.equal("us-west-2");
    const wanted = { name: "keys", source: "aws:profile" };
    expect(resolveConnection({ ...files, ...keys, AWS_PROFILE: "work" }, wanted)).to.include({
      keys: undefined,
      profile: "keys",
    });
    const env = { ...files, ...keys, AWS_PROFILE: "work" };
    const child = changed(env, connectionVariables(env, { cloud: "aws", profile: wanted }));
    expect(child).to.include({ AWS_PROFILE: "keys" });
    expect(child).to.not.have.any.keys("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN");
  });

  it("names the invalid variable, or the file and its line", async () => {
    const broken = join(folder(), "broken");
    await writeFile(broken, "[default]\nregion = eu-west-1\nno setting\n");
    const early = join(folder(), "early");
    await writeFile(early, "region = eu-west-1\n");
    const none = join(folder(), "none.pem");
    await writeFile(none, "nothing");
    const cases: [Variables, RegExp, RegExp][] = [
      [
        { AWS_PROFILE: "wrok" },
        /^there is no AWS profile wrok$/,
        /AWS_PROFILE names it.*default, ignoring, keys, lost, work/,
      ],
      [{ AWS_PROFILE: "lost" }, /no section \[services nowhere\]/, /services = nowhere/],
      [{ AWS_CONFIG_FILE: broken }, /broken cannot be parsed/, /Line 3 is neither/],
      [{ AWS_CONFIG_FILE: early }, /early cannot be parsed/, /Line 1 is before the first/],
      [{ AWS_CONFIG_FILE: folder() }, /cannot be read/, /EISDIR/],
      [{ AWS_ENDPOINT_URL_S3: "minio:9000" }, /"minio:9000" is not a URL/, /AWS_ENDPOINT_URL_S3/],
      [{ AWS_ENDPOINT_URL: "nonsense" }, /"nonsense" is not a URL/, /AWS_ENDPOINT_URL /],
      [{ AWS_CA_BUNDLE: "/nowhere.pem" }, /\/nowhere.pem cannot be read/, /AWS_CA_BUNDLE/],
      [{ AWS_CA_BUNDLE: none }, /none.pem has no certificates/, /AWS_CA_BUNDLE/],
      [{ HTTPS_PROXY: "socks5://p:1" }, /^HTTPS_PROXY does not name a proxy/, /socks5/],
    ];
    for (const [env, message, why] of cases) {
      expect(() => resolveConnection({ ...files, ...env }), JSON.stringify(env))
        .to.throw(InputError, message)
        .with.property("why")
        .that.matches(why);
    }
  });

  it("uses the profile's authorities without AWS_CA_BUNDLE", () => {
    expect(resolveConnection({ ...files, AWS_PROFILE: "work" }).authorities?.source).to.match(
      /^the profile work/,
    );
    const named = resolveConnection({
      ...files,
      AWS_PROFILE: "work",
      AWS_CA_BUNDLE: join(folder(), "ca.pem"),
    });
    expect(named.authorities?.source).to.equal("AWS_CA_BUNDLE");
    expect(named.authorities?.certificates).to.have.length(1);
  });

  const HOSTILE: Record<string, string> = {
    AWS_PROFILE: "no such profile",
    AWS_ACCESS_KEY_ID: "AKIA",
    AWS_SECRET_ACCESS_KEY: "s",
    AWS_SESSION_TOKEN: "t",
    AWS_REGION: "mars-1",
    AWS_DEFAULT_REGION: "mars-2",
    AWS_ENDPOINT_URL_S3: "http://10.0.0.1:1",
    AWS_ENDPOINT_URL_S3_CONTROL: "nonsense",
    AWS_ENDPOINT_URL_DYNAMODB: "http://10.0.0.1:1",
    AWS_ENDPOINT_URL_IAM: "http://10.0.0.1:1",
    AWS_ENDPOINT_URL_STS: "http://10.0.0.1:1",
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "maybe",
    AWS_CONFIG_FILE: "/proc/self/mem",
    AWS_SHARED_CREDENTIALS_FILE: "/",
    AWS_CA_BUNDLE: "/nowhere",
    AWS_USE_FIPS_ENDPOINT: "true",
    AWS_USE_DUALSTACK_ENDPOINT: "yes",
    AWS_ROLE_ARN: "arn:aws:iam::1:role/r",
    AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere",
    AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://10.0.0.1",
    AWS_RETRY_MODE: "x",
    AWS_MAX_ATTEMPTS: "many",
    AWS_DEFAULTS_MODE: "x",
    AWS_REQUEST_CHECKSUM_CALCULATION: "x",
    AWS_SDK_UA_APP_ID: "\n",
    HTTPS_PROXY: "socks5://p:1",
    https_proxy: "nonsense://",
    http_proxy: "http://p:1",
    NO_PROXY: "[",
    no_proxy: "*",
  };

  it("is the same on the local cloud for all AWS and proxy settings of the shell", () => {
    const target: Target = { cloud: "local", endpoint: "http://127.0.0.1:4566", region: "eu-west-1" };
    const resolvedIn = (env: Variables) => resolveConnection(changed(env, connectionVariables(env, target)));
    const clean = resolvedIn({});
    expect(clean).to.include({ isLocalCloud: true, profile: undefined, region: "eu-west-1" });
    const names = Object.keys(HOSTILE);
    fc.assert(
      fc.property(fc.subarray(names), (chosen) => {
        const env = Object.fromEntries(chosen.map((name) => [name, HOSTILE[name]]));
        expect(resolvedIn(env)).to.deep.equal(clean);
        const left = Object.keys(changed(env, connectionVariables(env, target))).filter((name) =>
          name.startsWith("AWS_"),
        );
        expect(left.sort()).to.deep.equal(
          Object.keys(changed({}, connectionVariables({}, target)))
            .filter((name) => name.startsWith("AWS_"))
            .sort(),
        );
      }),
    );
  });

  it("keeps the endpoint of KMS, which the local cloud does not have", () => {
    const target: Target = { cloud: "local", endpoint: "http://127.0.0.1:4566", region: "eu-west-1" };
    const env = { AWS_ENDPOINT_URL_KMS: "http://k:1", AWS_ENDPOINT_URL_S3: "http://s:1" };
    const child = changed(env, connectionVariables(env, target));
    expect(child).to.include({ AWS_ENDPOINT_URL_KMS: "http://k:1" });
    expect(child).to.not.have.property("AWS_ENDPOINT_URL_S3");
  });

  it("is the same in a process and its descendants, however often the variables are passed on", () => {
    const values: Record<string, readonly string[]> = {
      AWS_PROFILE: ["work", "keys", "ignoring"],
      AWS_ACCESS_KEY_ID: ["k"],
      AWS_SECRET_ACCESS_KEY: ["s"],
      AWS_SESSION_TOKEN: ["t"],
      AWS_REGION: ["ap-south-1"],
      AWS_DEFAULT_REGION: ["sa-east-1"],
      AWS_ENDPOINT_URL: ["http://a:1"],
      AWS_ENDPOINT_URL_S3: ["http://b:1"],
      AWS_ENDPOINT_URL_DYNAMODB: ["http://c:1"],
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: ["true", "false"],
      AWS_CA_BUNDLE: [join(folder(), "ca.pem")],
      HTTPS_PROXY: ["http://p:1", "q:2"],
      https_proxy: ["http://r:1"],
      NO_PROXY: [".amazonaws.com", "*"],
    };
    const record = fc.record(
      Object.fromEntries(Object.entries(values).map(([name, some]) => [name, fc.constantFrom(...some)])),
      { requiredKeys: [] },
    );
    const profile = fc.constantFrom(undefined, { name: "work", source: "aws:profile" });
    const facts = (env: Variables, wanted?: { name: string; source: string }) => {
      const { proxies, endpoints, authorities, profile: name, ...rest } = resolveConnection(env, wanted);
      const s3 = new URL("https://s3.us-east-1.amazonaws.com");
      return {
        ...rest,
        name,
        urls: SERVICES.map((service) => endpoints[service]?.url),
        file: authorities?.file,
        proxy: proxies.of(s3)?.url.href,
        other: proxies.of(new URL("https://example.com"))?.url.href,
      };
    };
    fc.assert(
      fc.property(record, profile, (variables, wanted) => {
        const env = { ...files, ...variables } as Variables;
        const target: Target = { cloud: "aws", profile: wanted };
        const child = changed(env, connectionVariables(env, target));
        expect(facts(child)).to.deep.equal(facts(env, wanted));
        expect(changed(child, connectionVariables(child, { cloud: "aws" }))).to.deep.equal(child);
      }),
    );
  });

  it("uses the user's server in place of the local cloud, with its keys or the emulators' defaults", () => {
    const target: Target = { cloud: "local", endpoint: undefined, region: "eu-west-1" };
    const env = {
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_ENDPOINT_URL: "http://minio:9000",
    };
    const child = changed(env, connectionVariables(env, target));
    expect(child).to.include({ AWS_ACCESS_KEY_ID: "test", AWS_ENDPOINT_URL: "http://minio:9000" });
    expect(resolveConnection(child).isLocalCloud).to.equal(false);
    const s3 = { ...env, AWS_ENDPOINT_URL_S3: "http://other:1" };
    expect(resolveConnection(changed(s3, connectionVariables(s3, target))).endpoints.S3?.url).to.equal(
      "http://other:1",
    );
  });
});
