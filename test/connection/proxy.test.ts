import { expect } from "chai";
import { proxySettings, proxyVariables, shown } from "../../connection/proxy.ts";
import { changed, type Variables } from "../../connection/variables.ts";
import { InputError } from "../../staging/errors.ts";

const S3 = new URL("https://s3.us-east-1.amazonaws.com");
const PLAIN = new URL("http://minio:9000");

const proxyFor = (env: Variables, url: URL) => {
  const found = proxySettings(env).of(url);
  return found && [found.variable, found.url.href];
};

describe("proxies", () => {
  it("follow the scheme of the server, in both spellings, the lower-case one first", () => {
    const proxy = "http://proxy:3128";
    for (const name of ["HTTPS_PROXY", "https_proxy"]) {
      expect(proxyFor({ [name]: proxy }, S3)).to.deep.equal([name, `${proxy}/`]);
      expect(proxyFor({ [name]: proxy }, PLAIN)).to.equal(undefined);
    }
    for (const name of ["HTTP_PROXY", "http_proxy"]) {
      expect(proxyFor({ [name]: proxy }, PLAIN)).to.deep.equal([name, `${proxy}/`]);
      expect(proxyFor({ [name]: proxy }, S3)).to.equal(undefined);
    }
    const both = { HTTPS_PROXY: "http://upper:1", https_proxy: "http://lower:1" };
    expect(proxyFor(both, S3)?.[0]).to.equal("https_proxy");
    expect(changed(both, proxyVariables(both))["HTTPS_PROXY"]).to.equal("http://lower:1");
  });

  it("accept a host and port without a scheme, and ignore an empty value", () => {
    expect(proxyFor({ HTTPS_PROXY: "proxy:3128" }, S3)?.[1]).to.equal("http://proxy:3128/");
    expect(proxyFor({ HTTPS_PROXY: " ", https_proxy: "" }, S3)).to.equal(undefined);
    expect(proxySettings({ ALL_PROXY: "http://proxy:3128" }).isSet).to.equal(false);
  });

  it("are never used for this machine, nor for servers in NO_PROXY", () => {
    const env = {
      HTTP_PROXY: "http://p:1",
      HTTPS_PROXY: "http://p:1",
      NO_PROXY: ".amazonaws.com,minio:9000",
    };
    for (const url of [
      S3,
      PLAIN,
      new URL("http://127.0.0.1:4566"),
      new URL("https://[::1]:1"),
      new URL("http://localhost"),
    ]) {
      expect(proxyFor(env, url), url.href).to.equal(undefined);
    }
    expect(proxyFor(env, new URL("http://minio:9001"))).to.not.equal(undefined);
    expect(proxyFor({ ...env, no_proxy: "example.com" }, S3)).to.not.equal(undefined);
  });

  it("are refused by name if they are not HTTP proxies, without passwords", () => {
    for (const value of ["socks5://me:secret@p:1", "http://", "https://:80", "ftp://p"]) {
      expect(() => proxySettings({ https_proxy: value }))
        .to.throw(InputError, /^https_proxy does not name a proxy/)
        .with.property("why")
        .that.does.not.contain("secret");
    }
    const proxy = proxySettings({ HTTPS_PROXY: "http://me:secret@p:1" }).of(S3);
    expect(proxy && shown(proxy)).to.equal("http://me:***@p:1");
  });

  it("leave gRPC on this machine alone in every process, and keep the user's exceptions", () => {
    const loopback = "localhost,127.0.0.1,::1";
    expect(proxyVariables({})).to.deep.equal({});
    expect(proxyVariables({ NO_PROXY: "a.com" })).to.deep.equal({});
    expect(proxyVariables({ https_proxy: "http://p:1" })).to.deep.equal({
      no_proxy: loopback,
      NO_PROXY: loopback,
      no_grpc_proxy: loopback,
    });
    const kept = proxyVariables({
      grpc_proxy: "http://p:1",
      NO_PROXY: "a.com, 127.0.0.1",
      no_grpc_proxy: "b.com",
    });
    expect(kept["NO_PROXY"]).to.equal("a.com,127.0.0.1,localhost,::1");
    expect(kept["no_grpc_proxy"]).to.equal(`b.com,${loopback}`);
    // curl takes an asterisk only where it stands alone.
    expect(proxyVariables({ https_proxy: "http://p:1", no_proxy: "*" })).to.deep.equal({
      no_grpc_proxy: `*,${loopback}`,
    });
  });
});
