import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Keys } from "../../connection/connection.ts";
import { ConnectProxy } from "../support/connect-proxy.ts";
import { TEST_AUTHORITY } from "../support/tls.ts";
import { succeed } from "./support/process.ts";
import { randomFile, World } from "./support/world.ts";

const SERVER = "aws.test.invalid:443";

describe("A proxy", () => {
  let world: World;
  let proxy: ConnectProxy;
  let bundle: string;
  let keys: Keys;

  before(async () => {
    world = await World.make();
    const aws = await world.aws();
    keys = aws.keys;
    proxy = await ConnectProxy.start(aws.endpoint, { login: "me:secret" });
    bundle = join(world.home, "authority.pem");
    await writeFile(bundle, TEST_AUTHORITY);
  });
  after(async () => {
    await proxy?.stop();
    await world?.remove();
  });

  const behind = (variables: Record<string, string> = {}) => {
    for (const name of Object.keys(world.env)) {
      if (/proxy$/i.test(name) || /^(AWS_|NODE_EXTRA)/.test(name)) delete world.env[name];
    }
    Object.assign(world.env, {
      AWS_ENDPOINT_URL: `https://${SERVER.replace(/:.*/, "")}`,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_CA_BUNDLE: bundle,
      ...variables,
    });
  };

  for (const variable of ["HTTPS_PROXY", "https_proxy"]) {
    it(`receives every request to AWS through ${variable}, with the authorities of AWS_CA_BUNDLE`, async () => {
      behind({ [variable]: proxy.url });
      proxy.asked.length = 0;
      await succeed(world.spawn("environment", "up"));
      const bytes = randomFile(9_000_000);
      await mkdir(join(world.folder, variable, "tree"), { recursive: true });
      await world.writeFile(join(variable, "tree", "data.bin"), bytes);
      await world.writeFile(join(variable, "tree", "small.txt"), Buffer.from("small"));
      const id = await world.upload(
        join(variable, "tree"),
        "--regions",
        "us-east-1,us-west-2",
        "--allow-accounts",
        "123456789012",
      );
      const { stdout } = await succeed(world.spawn("stage", "info", id, "--json"));
      expect(JSON.parse(stdout).result.file_count).to.equal(2);
      await succeed(world.spawn("stage", "delete", id, "--yes"));
      expect(proxy.asked.length).to.be.greaterThan(5);
      expect(new Set(proxy.asked)).to.deep.equal(new Set([SERVER]));
      expect(createHash("sha256").update(bytes).digest("hex")).to.have.length(64);
    });
  }

  it("is named in errors, as are the certificate authority and the file that fail", async () => {
    const cases: [Record<string, string>, RegExp][] = [
      [
        { HTTPS_PROXY: proxy.url.replace("me:secret@", "") },
        /the proxy requires other credentials[\s\S]*HTTPS_PROXY=http:\/\/127/,
      ],
      [
        { https_proxy: "http://127.0.0.1:9" },
        /the proxy cannot be reached[\s\S]*https_proxy=http:\/\/127\.0\.0\.1:9/,
      ],
      [{ HTTPS_PROXY: "socks5://127.0.0.1:9" }, /HTTPS_PROXY does not name a proxy/],
      [{ HTTPS_PROXY: proxy.url, AWS_CA_BUNDLE: "/nowhere/ca.pem" }, /AWS_CA_BUNDLE names this file: ENOENT/],
      [
        { HTTPS_PROXY: proxy.url, AWS_CA_BUNDLE: "" },
        /certificate of https:\/\/aws\.test\.invalid is not trusted[\s\S]*AWS_CA_BUNDLE is not set/,
      ],
      [{ NO_PROXY: ".test.invalid", HTTPS_PROXY: proxy.url }, /aws\.test\.invalid is not answering/],
      [{ ALL_PROXY: proxy.url }, /aws\.test\.invalid is not answering/],
    ];
    for (const [variables, text] of cases) {
      behind(variables);
      const { code, stderr } = await world.spawn("stage", "list");
      expect(stderr).to.match(text);
      expect(stderr).to.not.match(/defect/);
      expect(stderr).to.not.contain("secret");
      expect(code).to.be.oneOf([1, 2]);
    }
  });

  it("is verified with the authorities of NODE_EXTRA_CA_CERTS, too", async () => {
    behind({ HTTPS_PROXY: proxy.url, AWS_CA_BUNDLE: "", NODE_EXTRA_CA_CERTS: bundle });
    await succeed(world.spawn("stage", "list"));
  });
});
