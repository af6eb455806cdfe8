import { devNull } from "node:os";
import { expect } from "chai";
import { Defect } from "../../../cli/defect.ts";
import { explain } from "../../../cli/errors.ts";
import { resolveConnection } from "../../../connection/connection.ts";
import { explainSetup } from "../../../connection/errors/setup.ts";
import { ProxyError } from "../../../connection/proxy-error.ts";
import type { Variables } from "../../../connection/variables.ts";
import { explainAwsError } from "../../../provider/store/explain.ts";
import { UserError } from "../../../staging/errors.ts";

const NO_FILES = { AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull };
const PROXY = { url: new URL("http://me:secret@proxy:3128"), variable: "HTTPS_PROXY" };

const error = (message: string, properties: object = {}) => Object.assign(new Error(message), properties);
const coded = (code: string, message = code) => error(message, { code });

interface Row {
  readonly error: Error;
  readonly env?: Variables;
  readonly message: RegExp;
  readonly why: RegExp;
  readonly fix: RegExp;
}

const TRUST = /export AWS_CA_BUNDLE/;
const ROWS: readonly Row[] = [
  ...[
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  ].map((code) => ({
    error: coded(code),
    message: /certificate of AWS is not trusted/,
    why: new RegExp(`${code}.*AWS_CA_BUNDLE is not set`),
    fix: TRUST,
  })),
  {
    error: coded("SELF_SIGNED_CERT_IN_CHAIN"),
    env: { AWS_ENDPOINT_URL: "https://minio:9000", NODE_EXTRA_CA_CERTS: "/etc/extra.pem" },
    message: /certificate of https:\/\/minio:9000 is not trusted/,
    why: /NODE_EXTRA_CA_CERTS is \/etc\/extra.pem/,
    fix: TRUST,
  },
  { error: coded("CERT_HAS_EXPIRED"), message: /out of date/, why: /clock of this machine/, fix: /clock/ },
  {
    error: coded("CERT_NOT_YET_VALID"),
    message: /not valid yet/,
    why: /clock of this machine/,
    fix: /clock/,
  },
  {
    error: coded(
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "Hostname/IP does not match: Host: s3.x.com. is not in the cert's altnames",
    ),
    env: { AWS_ENDPOINT_URL_S3: "https://s3.x.com" },
    message: /belongs to another host/,
    why: /altnames/,
    fix: /check AWS_ENDPOINT_URL_S3/,
  },
  {
    error: coded("EPROTO", "write EPROTO wrong version number"),
    env: { AWS_ENDPOINT_URL: "https://minio:9000" },
    message: /secure connection to https:\/\/minio:9000/,
    why: /wrong version number/,
    fix: /AWS_ENDPOINT_URL must begin with http:/,
  },
  {
    error: new ProxyError(PROXY, { status: 407 }),
    message: /proxy requires other credentials/,
    why: /HTTPS_PROXY=http:\/\/me:\*\*\*@proxy:3128 answered 407/,
    fix: /export HTTPS_PROXY=/,
  },
  {
    error: new ProxyError(PROXY, { status: 502 }),
    message: /did not connect/,
    why: /answered 502/,
    fix: /NO_PROXY/,
  },
  {
    error: new ProxyError(PROXY, { cause: coded("ECONNREFUSED") }),
    message: /proxy cannot be reached/,
    why: /HTTPS_PROXY=.*ECONNREFUSED/,
    fix: /Check HTTPS_PROXY, or unset HTTPS_PROXY/,
  },
  {
    error: error("connect ECONNREFUSED", { code: "ECONNREFUSED", address: "127.0.0.1", port: 9001 }),
    env: { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9000", AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:9001" },
    message: /^http:\/\/127.0.0.1:9001 is not answering/,
    why: /AWS_ENDPOINT_URL_DYNAMODB/,
    fix: /AWS_ENDPOINT_URL_DYNAMODB/,
  },
  {
    error: error("getaddrinfo ENOTFOUND", { code: "ENOTFOUND", hostname: "sts.mars-1.amazonaws.com" }),
    env: { AWS_REGION: "mars-1" },
    message: /^AWS is not answering/,
    why: /sts.mars-1.amazonaws.com/,
    fix: /AWS_REGION is mars-1/,
  },
  {
    error: error("connect ENETUNREACH", { code: "ENETUNREACH" }),
    env: { ALL_PROXY: "http://proxy:1" },
    message: /^AWS is not answering/,
    why: /ALL_PROXY is set, which AWS tools do not read/,
    fix: /HTTPS_PROXY/,
  },
  {
    error: error("Could not resolve credentials using profile: [work]", { name: "CredentialsProviderError" }),
    env: { AWS_PROFILE: "work" },
    message: /no valid AWS credentials/,
    why: /AWS_PROFILE is work/,
    fix: /aws configure --profile work/,
  },
  {
    error: error("The SSO session associated with this profile has expired", {
      name: "CredentialsProviderError",
    }),
    env: { AWS_PROFILE: "work" },
    message: /sign-in has expired/,
    why: /AWS_PROFILE is work/,
    fix: /^aws sso login --profile work$/,
  },
  {
    error: error("Token is expired. To refresh this SSO session run aws sso login", {
      name: "TokenProviderError",
    }),
    message: /sign-in has expired/,
    why: /Token is expired/,
    fix: /^aws sso login$/,
  },
  {
    error: error("Invalid Configuration: FIPS and custom endpoint are not supported", {
      name: "EndpointError",
    }),
    env: { AWS_USE_FIPS_ENDPOINT: "true" },
    message: /AWS_USE_FIPS_ENDPOINT/,
    why: /AWS_USE_FIPS_ENDPOINT is true/,
    fix: /unset AWS_USE_FIPS_ENDPOINT/,
  },
  {
    error: error("Invalid Configuration: Dualstack and custom endpoint are not supported", {
      name: "EndpointError",
    }),
    env: { AWS_USE_DUALSTACK_ENDPOINT: "true" },
    message: /AWS_USE_DUALSTACK_ENDPOINT/,
    why: /is true/,
    fix: /unset AWS_USE_DUALSTACK_ENDPOINT/,
  },
  {
    error: error('Environment variable AWS_MAX_ATTEMPTS mast be a number, got "many"'),
    env: { AWS_MAX_ATTEMPTS: "many" },
    message: /AWS_MAX_ATTEMPTS/,
    why: /AWS_MAX_ATTEMPTS is many/,
    fix: /unset AWS_MAX_ATTEMPTS/,
  },
  { error: error("Region is missing"), message: /AWS_REGION/, why: /Region is missing/, fix: /AWS/ },
  {
    error: coded("ERR_INVALID_CHAR", 'Invalid character in header content ["authorization"]'),
    message: /contain an invalid character/,
    why: /authorization/,
    fix: /AWS_SECRET_ACCESS_KEY/,
  },
];

describe("errors of the user's set-up", () => {
  for (const { error: failure, env = {}, message, why, fix } of ROWS) {
    it(`name the variable and its value: ${failure.message}`, () => {
      const variables = { ...NO_FILES, ...env };
      const wrapped = new Error("wrapped", { cause: failure });
      const problem = explainSetup(wrapped, resolveConnection({ ...variables, AWS_PROFILE: "" }), variables);
      expect(problem?.message).to.match(message);
      expect(problem?.why).to.match(why).and.not.contain("secret");
      expect(problem?.fix).to.match(fix);
    });

    it(`are no defect, in the command line and in the provider: ${failure.message}`, () => {
      const saved = new Map(Object.keys(env).map((name) => [name, process.env[name]]));
      Object.assign(process.env, env);
      try {
        const connection = resolveConnection({ ...NO_FILES, ...env, AWS_PROFILE: "" });
        const command = { name: "spawn stage list", flags: [] };
        const told = explain(failure, { command, at: { environment: "prod", connection } });
        expect(told).to.not.be.instanceOf(Defect);
        expect(told.why).to.match(/\S/);
        expect(explainAwsError(failure, "looking"))
          .to.be.instanceOf(UserError)
          .with.property("fix")
          .that.matches(/\S/);
      } finally {
        for (const [name, value] of saved) {
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
        }
      }
    });
  }

  it("are not made of other errors", () => {
    for (const other of [
      new TypeError("x is not a function"),
      error("NoSuchKey", { name: "NoSuchKey" }),
      "text",
    ]) {
      expect(explainSetup(other, undefined, {})).to.equal(undefined);
    }
  });
});
