import { expect } from "chai";
import { explainSetupText } from "../../../cli/engine/setup-failure.ts";

describe("an engine error from the user's setup", () => {
  const env = {
    AWS_PROFILE: "work",
    AWS_REGION: "mars-1",
    AWS_CA_BUNDLE: "/etc/ca.pem",
    HTTPS_PROXY: "http://me:secret@proxy:3128",
    AWS_ENDPOINT_URL: "https://minio:9000",
  };
  const cases: [text: string, message: RegExp, why: RegExp][] = [
    [
      `Get "https://x": proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused`,
      /the proxy/,
      /HTTPS_PROXY is http:\/\/\*\*\*@proxy/,
    ],
    [`Get "https://x": Proxy Authentication Required`, /the proxy/, /HTTPS_PROXY/],
    [
      "tls: failed to verify certificate: x509: certificate signed by unknown authority",
      /not trusted/,
      /AWS_CA_BUNDLE is \/etc\/ca.pem/,
    ],
    [
      "unable to verify the first certificate; if the root CA is installed locally",
      /not trusted/,
      /AWS_CA_BUNDLE/,
    ],
    ["x509: certificate has expired or is not yet valid: current time 2026", /out of date/, /2026/],
    ["x509: certificate is valid for a.com, not b.com", /belongs to another host/, /AWS_ENDPOINT_URL/],
    ["http: server gave HTTP response to HTTPS client", /does not speak TLS/, /AWS_ENDPOINT_URL/],
    [
      "configuring: failed to get shared config profile, work",
      /AWS profile does not exist/,
      /AWS_PROFILE is work/,
    ],
    ["failed to load shared config file, /root/.aws/config, line 3", /cannot be parsed/, /line 3/],
    ["the SSO session has expired or is invalid", /sign-in has expired/, /AWS_PROFILE is work/],
    ["api error ExpiredToken: The provided token has expired", /have expired/, /AWS_PROFILE/],
    ["No valid credential sources found", /no valid AWS credentials/, /AWS_PROFILE/],
    ["api error InvalidClientTokenId: The security token is invalid", /does not accept/, /AWS_PROFILE/],
    ["Invalid AWS Region: mars-1", /region/, /AWS_REGION is mars-1/],
    ["dial tcp: lookup sts.mars-1.amazonaws.com: no such host", /no address/, /AWS_REGION is mars-1/],
  ];
  for (const [text, message, why] of cases) {
    it(`is explained: ${text}`, () => {
      const error = explainSetupText(`creating urn: ${text}`, env);
      expect(error?.message).to.match(message);
      expect(error?.why).to.match(why).and.not.contain("secret");
      expect(error?.fix).to.match(/\S/);
    });
  }

  it("differs from other failures", () => {
    for (const text of ["BucketAlreadyExists", "panic: runtime error", "update failed", ""]) {
      expect(explainSetupText(text, env), text).to.equal(undefined);
    }
  });
});
